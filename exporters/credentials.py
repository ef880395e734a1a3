"""Signing in as the workload itself, and keeping what one signs in with out of texts.

The Azure library costs half a second to load, so it is loaded by whoever signs in first and not before.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.credentials_async import AsyncTokenCredential

Token = Callable[[], Awaitable[str]]

_LOCK = threading.Lock()
_credential: TokenCredential | None = None


def entra_token(scope: str) -> Token:
    """Asks for a password for the workload's own identity, good for an hour or more."""

    async def token() -> str:
        # In a thread: the library's asyncio side needs another HTTP client. It keeps the token and renews it in time.
        return await asyncio.to_thread(lambda: shared_credential().get_token(scope).token)

    return token


def shared_credential() -> TokenCredential:
    """The one of this process. Two would each find out anew how the pod signs in and each keep tokens of their own;
    without the lock, collectors that begin at the same moment would make two."""
    global _credential
    with _LOCK:
        if _credential is None:
            _credential = importlib.import_module("azure.identity").DefaultAzureCredential()
        assert _credential is not None
        return _credential


def managed_identity() -> AsyncTokenCredential:
    """The pod's own identity (workload identity in the cluster), or a developer's signed-in tools, for a client that
    signs in itself. Each caller gets one of its own and closes it: it holds connections of the caller's event loop."""
    credential: AsyncTokenCredential = importlib.import_module("azure.identity.aio").DefaultAzureCredential()
    return credential


def struck_out(secret: str, text: str) -> str:
    """``text`` in one line, with ``secret`` struck out."""
    # Before the white space is squeezed: a secret may have some of its own.
    return " ".join((text.replace(secret, "***") if secret else text).split())
