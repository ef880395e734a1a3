// Binds KQL texts with Microsoft's language service. One JSON document on stdin, one on stdout; run by kusto.py.
//
//   in   {"module": DIR, "schema": {TABLE: {COLUMN: TYPE}}, "queries": [{"id", "text"}], "cache": FILE_PREFIX | null}
//   out  [{"id", "diagnostics": [{"code", "severity", "message", "line", "column", "text"}],
//          "columns": [{"name", "type"}] | null, "tables": [NAME], "unweighted": [{"name", "line"}]}]
//
// A text is parsed and analysed, never run. Lines and columns count from 1, columns in characters.
// Codes that begin with KS are the service's own; those in lower case are added here, so that a text the service
// passes over in silence is still an error.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const crypto = require('crypto');

const SCRIPTS = ['bridge.min.js', 'Kusto.Language.Bridge.min.js']; // the order matters: the second needs the first
const MOST_DIAGNOSTICS = 100; // of one query; one is enough to fail it
const MOST_NODES = 500000; // of one query, functions expanded; the largest query of a dashboard has some thousands
const LONGEST_EXCERPT = 120;
// Aggregates that count rows where sampling needs them to count ItemCount.
const COUNTS_ROWS = new Set([
  'count', 'cnt', 'countif', 'avg', 'avgif', 'percentile', 'percentiles', 'percentiles_array',
  'stdev', 'stdevif', 'stdevp', 'variance', 'varianceif', 'variancep', 'variancepif',
]);
const WEIGHT = 'ItemCount';

function main() {
  const request = JSON.parse(fs.readFileSync(0, 'utf8'));
  const keepCompiled = load(request.module, request.cache);
  const language = globalThis.Kusto.Language;
  const known = schema(language, request.schema);
  const meanings = new Map(); // panels and alerts share texts
  for (const { text } of request.queries) if (!meanings.has(text)) meanings.set(text, bind(language, known, text));
  writeAll(JSON.stringify(request.queries.map(({ id, text }) => ({ id, ...meanings.get(text) }))));
  keepCompiled(); // last: by now V8 has compiled what queries need, and the cache holds it
}

function writeAll(text) {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

// --- the service, with V8's code cache -----------------------------------------------------------------------------

// Runs the package's scripts; returns what writes the code cache, if one is wanted and none was good.
function load(directory, prefix) {
  const version = JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).version;
  const stale = [];
  for (const name of SCRIPTS) {
    const file = path.join(directory, name);
    const source = fs.readFileSync(file, 'utf8');
    const at = prefix && `${prefix}-${version}-${source.length}-${process.version}-${process.arch}.${name}.bin`;
    const script = new vm.Script(source, { filename: file, cachedData: at ? readCache(at) : undefined });
    script.runInThisContext();
    if (at && script.cachedDataRejected !== false) stale.push([at, script]);
  }
  return () => stale.forEach(([at, script]) => writeCache(at, script.createCachedData()));
}

const digest = (data) => crypto.createHash('sha256').update(data).digest();

// A cache file is its own SHA-256, then V8's data: V8 looks at the header only, and would run damaged data.
function readCache(at) {
  try {
    const file = fs.readFileSync(at);
    const data = file.subarray(32);
    return digest(data).equals(file.subarray(0, 32)) ? data : undefined;
  } catch {
    return undefined;
  }
}

function writeCache(at, data) {
  const draft = `${at}.${process.pid}.part`;
  try {
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(draft, Buffer.concat([digest(data), data]));
    fs.renameSync(draft, at);
  } catch {
    fs.rmSync(draft, { force: true }); // a directory that cannot be written costs time, nothing else
  }
}

// --- the schema ----------------------------------------------------------------------------------------------------

function schema(language, tables) {
  const { ColumnSymbol, DatabaseSymbol, ScalarTypes, TableSymbol } = language.Symbols;
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const typedColumns = Object.entries(columns).map(([column, type]) => {
      const symbol = ScalarTypes.GetSymbol(type);
      if (!symbol) throw new Error(`table '${name}', column '${column}': '${type}' is not a type of KQL`);
      return new ColumnSymbol(column, symbol);
    });
    return new TableSymbol.$ctor4(name, typedColumns);
  });
  const database = new DatabaseSymbol.$ctor1('workspace', symbols);
  // Prepared here once: where the cache or the option is missing, the service makes its own copy for every text.
  const plain = language.GlobalState.Default;
  const options = plain.ParseOptions.WithAlwaysProduceEndTokens(true);
  return {
    globals: plain.WithDatabase(database).WithParseOptions(options).WithCache(),
    tables: new Set(symbols),
    aggregates: new Set(language.Aggregates.All),
  };
}

// --- one query -----------------------------------------------------------------------------------------------------

// The steps of KustoCode.ParseAndAnalyze, without the grammar for completion that it builds first: 0.8 s of a process.
function bind(language, known, text) {
  try {
    const kind = language.KustoCode.GetKind(text);
    if (kind !== 'Query') return refused('not-a-query', `A ${kind.toLowerCase()} is not a query.`);
    const syntax = language.Parsing.QueryParser.ParseQuery$1(text, known.globals.ParseOptions);
    const tree = new language.Syntax.SyntaxTree(syntax);
    const analysed = language.Binding.Binder.TryBind(tree, known.globals, new language.Binding.LocalBindingCache());
    const found = list(syntax.GetContainedDiagnostics(SYNTAX_AND_MEANING));
    if (!analysed) found.push(language.DiagnosticFacts.GetQuerySyntaxDepthExceeded());
    const place = lines(text);
    const diagnostics = foremost(found).map((each) => ({
      code: each.Code,
      severity: each.Severity,
      message: each.Message,
      ...place(each.Start),
      text: text.slice(each.Start, each.Start + Math.min(each.Length, LONGEST_EXCERPT)),
    }));
    if (!analysed) return { ...NOTHING, diagnostics };
    const type = language.KustoCode.DetermineResultType(syntax);
    const failed = found.some(isError);
    if (!type && !failed) return refused('no-result', 'The text has no statement that returns anything.');
    const columns = failed || !type.Columns ? null : list(type.Columns).map(typed);
    return { diagnostics, columns, ...survey(language, known, syntax, place) };
  } catch (error) {
    return refused('service-failed', `The language service failed on this text: ${firstLine(error)}`);
  }
}

const NOTHING = { columns: null, tables: [], unweighted: [] };
const SYNTAX_AND_MEANING = 3; // Kusto.Language.Syntax.DiagnosticsInclude.All

const typed = (column) => ({ name: column.Name, type: column.Type.Name });
const isError = (found) => found.Severity === 'Error';
const firstLine = (error) => String((error && error.message) || error).split('\n')[0].slice(0, 300);

// Our own objection, in the shape of the service's.
const refused = (code, message) => (
  { ...NOTHING, diagnostics: [{ code, severity: 'Error', message, line: 1, column: 1, text: '' }] }
);

// In the order of the text; where there are too many, errors are kept before warnings.
function foremost(found) {
  const kept = [...found.filter(isError), ...found.filter((each) => !isError(each))].slice(0, MOST_DIAGNOSTICS);
  return kept.sort((a, b) => a.Start - b.Start);
}

// Returns position -> {line, column}.
function lines(text) {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\r|\n/g)) starts.push(end.index + end[0].length);
  return (position) => {
    let line = starts.length;
    while (starts[line - 1] > position) line--;
    return { line, column: [...text.slice(starts[line - 1], position)].length + 1 };
  };
}

const list = (items) => Array.from({ length: items.Count }, (_, i) => items.getItem(i));

// --- what stands in the tree ---------------------------------------------------------------------------------------

// Names of the tables that the query reads, and its aggregates that count sampled rows as if each stood for one.
// Functions of `let` are looked at twice: as they are declared, and as each call expands them.
function survey(language, known, syntax, place) {
  const { FunctionCallExpression } = language.Syntax;
  const tables = new Set();
  const unweighted = new Map();
  const base = new Map([[syntax, 0]]); // root of a tree -> where its text begins in the query's
  const waiting = [[syntax, 0]];
  for (let visited = 0; waiting.length; visited++) {
    if (visited > MOST_NODES) throw new Error(`more than ${MOST_NODES} nodes`);
    const [node, offset] = waiting.pop();
    referenced(language, known, node).forEach((name) => tables.add(name));
    const name = rowsCounted(language, known, node);
    if (name) {
      const start = offset + node.TextStart;
      unweighted.set(`${start} ${name}`, { start, name, line: place(start).line });
    }
    const body = node instanceof FunctionCallExpression ? node.GetExpansion() : null;
    if (body && !base.has(body)) {
      const declared = node.ReferencedSymbol.Signatures.getItem(0).Declaration;
      base.set(body, declared ? declared.TextStart + (base.get(declared.Root) || 0) : offset + node.TextStart);
      waiting.push([body, base.get(body)]);
    }
    for (let i = 0; i < node.ChildCount; i++) {
      const child = node.GetChild(i);
      if (child && !child.IsToken) waiting.push([child, offset]);
    }
  }
  const inOrder = [...unweighted.values()].sort((a, b) => a.start - b.start);
  return { tables: [...tables].sort(), unweighted: inOrder.map(({ name, line }) => ({ name, line })) };
}

// `T`, `T*` (a group of tables), `table("T")`.
function referenced(language, known, node) {
  const symbol = node.ReferencedSymbol;
  const symbols = symbol instanceof language.Symbols.GroupSymbol ? list(symbol.Members) : [symbol, node.ResultType];
  return symbols.filter((each) => known.tables.has(each)).map((each) => each.Name);
}

// The name of the aggregate when `node` counts rows that carry a weight, without the weight.
function rowsCounted(language, known, node) {
  const { CountOperator, FunctionCallExpression, QueryOperator } = language.Syntax;
  if (node instanceof CountOperator) return weighted(rowsInto(language, node)) ? 'count' : null;
  if (!(node instanceof FunctionCallExpression) || !COUNTS_ROWS.has(node.Name.SimpleName)) return null;
  if (!known.aggregates.has(node.ReferencedSymbol)) return null; // a function of `let` with that name
  const operator = ancestor(node, QueryOperator);
  if (!operator || !weighted(rowsInto(language, operator)) || mentionsWeight(language, node)) return null;
  return node.Name.SimpleName;
}

// The table that flows into an operator; null where the tree does not tell.
function rowsInto(language, operator) {
  const { PipeExpression, ForkExpression, PartitionOperand, FacetWithClause, QueryOperator } = language.Syntax;
  const parent = operator.Parent;
  if (parent instanceof PipeExpression && parent.Operator === operator) return parent.Expression.ResultType;
  // First in a subquery: the rows come from outside. Not so in mv-apply, which counts the elements of one row.
  let outer = parent;
  while (outer instanceof PipeExpression) outer = outer.Parent;
  const same = [ForkExpression, PartitionOperand, FacetWithClause].some((type) => outer instanceof type);
  const around = same ? ancestor(outer, QueryOperator) : null;
  return around && rowsInto(language, around);
}

function ancestor(node, type) {
  let at = node.Parent;
  while (at && !(at instanceof type)) at = at.Parent;
  return at;
}

const weighted = (rows) => Boolean(rows && rows.Columns && list(rows.Columns).some((each) => each.Name === WEIGHT));

function mentionsWeight(language, call) {
  const waiting = [call.ArgumentList];
  while (waiting.length) {
    const node = waiting.pop();
    const symbol = node.ReferencedSymbol;
    if (symbol instanceof language.Symbols.ColumnSymbol && symbol.Name === WEIGHT) return true;
    for (let i = 0; i < node.ChildCount; i++) {
      const child = node.GetChild(i);
      if (child && !child.IsToken) waiting.push(child);
    }
  }
  return false;
}

try {
  main();
} catch (error) {
  console.error(firstLine(error));
  process.exitCode = 1;
}
