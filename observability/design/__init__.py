"""The design document as typed values, one module a topic; importing this package reads none of them."""
