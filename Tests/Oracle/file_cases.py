"""Files, reader options and modes that are read by Spark and by Millrace alike. See README.md.

A case is a name, files (path below the case's folder -> bytes), and the SQL that makes the view `v` of them; `{dir}`
stands for the folder. `query` is what is asked of the view: all columns unless the case says otherwise.
"""
import gzip


def case(name, files, using, options=(), schema=None, path="{dir}", query=None, made=None):
    """`made` is a query whose rows Spark writes as the file `made.FORMAT`, and the writer's options; then, as far as given,
    settings of the session, texts of the file's bytes to exchange, and whether the footer loses its keys."""
    files = {n: t.encode() if isinstance(t, str) else t for n, t in files.items()}
    pairs = [("path", path)] + list(dict(options).items())
    listed = ", ".join(f"{k} '{escaped(str(v))}'" for k, v in pairs)
    columns = f"({schema})" if schema else ""
    view = f"CREATE TEMPORARY VIEW v{columns} USING {using} OPTIONS ({listed})"
    return {"name": name, "files": files, "view": view, "query": query, "made": made and writing(using, *made)}


def writing(using, query, options, conf=(), changes=(), keyless=False):
    return {"using": using, "query": query, "options": options, "conf": dict(conf), "changes": dict(changes), "keyless": keyless}


def escaped(text):
    return (text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
            .replace("\r", "\\r").replace("\0", "\\0"))


MODES = ["PERMISSIVE", "DROPMALFORMED", "FAILFAST"]
CASES = []


def add(*args, **named):
    CASES.append(case(*args, **named))


# ---- CSV: content by theme, each read under several options
CSV = {
    "plain": "id,name,amount\n1,ann,1.5\n2,bob,2\n3,,\n",
    "no_last_newline": "id,name\n1,ann\n2,bob",
    "crlf": "id,name\r\n1,ann\r\n2,\"b\r\nb\"\r\n3,c\r\n",
    "cr_only": "id,name\r1,ann\r2,bob\r",
    "bom": b"\xef\xbb\xbfid,name\n1,ann\n",
    "bom_quoted": b"\xef\xbb\xbf\"id\",name\n1,ann\n",
    "blank_lines": "\n\nid,name\n\n1,ann\n   \n2,bob\n\n\n",
    "spaces": " id , name \n 1 , ann \n2,\"  bob  \"\n3, \"x\" \n",
    "quotes": 'id,name\n1,"a,b"\n2,"say ""hi"""\n3,"say \\"hi\\""\n4,""\n5,"a"b\n6,a"b\n7,"\n8,"x\n',
    "unescaped": 'id,name\n1,"a,b"c\n2,"a""b,c"d,e\n3,"a"b"c,d"\n4,"a" ,b\n5, "a,b"\n',
    "multi": 'id,name\n1,"two\nlines"\n2,"three\n\nlines"\n3,x\n',
    "escapes": 'id,name\n1,a\\,b\n2,"a\\\\b"\n3,a\\nb\n4,"a\\nb"\n5,\\\n6,"\\"\n7,"\\\\"\n',
    "short_long": "id,name,amount\n1\n1,a\n1,a,2,extra\n,,\n1,a,2\n",
    "types": ("i,l,d,dec,b,dt,ts,s\n1,3000000000,1.5,12345678901234567890,true,2020-01-02,2020-01-02T03:04:05Z,x\n"
              "-2,-3000000000,-1e300,1,FALSE,1999-12-31,2020-01-02 03:04:05.123456,y\n,,,,,,,\n"),
    "odd_numbers": "a,b,c,d,e\n+1,1.,.5,NaN,1e5\n 2,2.0,1E-3,Inf,0x10\n007,-0,1_000,-Infinity,1d\n",
    "odd_dates": "a,b,c,d\n2020-1-2,2020-02-30,2020-01-02 03:04,2020\n0001-01-01,9999-12-31,10000-01-01,2020-01\n",
    "odd_times": ("a,b\n2020-01-02 03:04:05,2020-01-02T03:04:05.1+02:00\n2020-01-02 24:00:00,2020-01-02 12:30\n"
                  "2020-01-02T03:04:05.123456789Z,2020-01-02 03:04:05 Europe/Berlin\n"),
    "booleans": "a,b,c\ntrue,T,yes\nFALSE,f,no\nTrue,1,0\n",
    "nulls": "a,b\nNULL,\\N\n,\"\"\nnull,NA\n\"NULL\",\"\\N\"\n",
    "comments": "# first\nid,name\n# second\n1,ann\n#2,bob\n3,\"# no\"\n",
    "duplicates": "a,A,a,,b\n1,2,3,4,5\n",
    "empty": "",
    "only_header": "id,name\n",
    "only_newlines": "\n\n\n",
    "nul_bytes": b"id,name\n1,a\x00b\n2,\x00\n",
    "invalid_utf8": b"id,name\n1,\xff\xfe\n2,\xc3\x28z\n3,\xe2\x82\n",
    "unicode": "id,näme\n1,\u00e9\u00e8\n2,\U0001F600\n3,\u4e2d\u6587\n",
    "large_numbers": ("a,b,c\n2147483647,9223372036854775807,99999999999999999999999999999999999999\n"
                      "-2147483648,-9223372036854775808,-99999999999999999999999999999999999999\n"),
    "larger_numbers": "a,b,c\n2147483648,9223372036854775808,999999999999999999999999999999999999999\n1,1,1\n",
    "tabs": "id\tname\n1\tann\n2\ta\tb\n",
    "wide_separator": "id||name\n1||ann\n2||a|b\n3||\"x||y\"\n",
    "single_column": "a\n1\n\n2\n",
    "trailing_separator": "a,b,\n1,2,\n3,4,\n",
}
PLAIN = [("strings", {"header": "true"}), ("inferred", {"header": "true", "inferSchema": "true"}), ("bare", {})]
for theme, text in CSV.items():
    for label, options in PLAIN:
        add(f"csv_{theme}_{label}", {"a.csv": text}, "csv", options)
for theme in ["crlf", "cr_only", "quotes", "multi", "escapes", "bom_quoted", "blank_lines", "short_long", "unescaped"]:
    add(f"csv_{theme}_multiline", {"a.csv": CSV[theme]}, "csv", {"header": "true", "multiLine": "true"})
OPTIONS = [
    ("spaces", {"ignoreLeadingWhiteSpace": "true"}), ("spaces", {"ignoreTrailingWhiteSpace": "true"}),
    ("spaces", {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}),
    ("quotes", {"quote": ""}), ("quotes", {"quote": "'"}), ("quotes", {"escape": '"'}),
    ("quotes", {"escape": '"', "multiLine": "true"}), ("escapes", {"escape": ""}),
    ("escapes", {"escape": "n"}), ("escapes", {"charToEscapeQuoteEscaping": "\\"}),
    ("nulls", {"nullValue": "NULL"}), ("nulls", {"nullValue": "\\N"}), ("nulls", {"nullValue": "NA"}),
    ("nulls", {"emptyValue": "EMPTY"}), ("nulls", {"nullValue": "NULL", "inferSchema": "true"}),
    ("comments", {"comment": "#"}), ("comments", {"comment": "#", "inferSchema": "true"}),
    ("tabs", {"sep": "\\t"}), ("tabs", {"delimiter": "\\t"}), ("wide_separator", {"sep": "||"}),
    ("plain", {"sep": ";"}), ("odd_numbers", {"nanValue": "x", "inferSchema": "true"}),
    ("odd_numbers", {"positiveInf": "Inf", "negativeInf": "-Infinity", "inferSchema": "true"}),
    ("odd_dates", {"dateFormat": "yyyy-M-d", "inferSchema": "true"}),
    ("odd_times", {"timestampFormat": "yyyy-MM-dd HH:mm:ss", "inferSchema": "true"}),
    ("types", {"preferDate": "false", "inferSchema": "true"}),
    ("plain", {"enforceSchema": "false"}), ("plain", {"samplingRatio": "1.0", "inferSchema": "true"}),
    ("unicode", {"encoding": "UTF-8"}), ("plain", {"lineSep": "\n"}), ("quotes", {"unescapedQuoteHandling": "STOP_AT_CLOSING_QUOTE"}),
]
for i, (theme, options) in enumerate(OPTIONS):
    label = "_".join(options).lower()
    add(f"csv_option_{i:02}_{theme}_{label}", {"a.csv": CSV[theme]}, "csv", {"header": "true"} | options)

# ---- CSV: given columns, every mode
TYPED = {
    "int": ["1", "-1", "+1", " 1", "1 ", "1.0", "2147483648", "x", "", "0x1", "1e2"],
    "tinyint": ["1", "127", "128", "-129"], "smallint": ["32767", "32768"],
    "bigint": ["9223372036854775807", "9223372036854775808", "1L"],
    "float": ["1.5", "1e40", "NaN", "Inf", "-Inf", "Infinity", "1f", "x", "nan", "INF"],
    "double": ["1.5", "1e400", "NaN", "-Infinity", "1d", "1,5", "0x1p3", " 1 ", "1_0"],
    "decimal(5,2)": ["1.5", "1.555", "1.005", "999.99", "1000", "-1000", "1e2", "x", "1e-5", "NaN"],
    "decimal(38,0)": ["99999999999999999999999999999999999999", "999999999999999999999999999999999999999"],
    "boolean": ["true", "FALSE", "T", "1", "yes", "", "truee"],
    "date": ["2020-01-02", "2020-1-2", "2020-02-30", "2020-01-02T03:04:05", "2020", "2020-01", "x", "20200102",
             "0001-01-01", "10000-01-01", "-0001-01-01", " 2020-01-02"],
    "timestamp": ["2020-01-02", "2020-01-02 03:04:05", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05+02:00",
                  "2020-01-02 03:04:05.1234567", "2020-01-02 25:00:00", "x", "1577934245",
                  "2020-01-02 03:04", "2020-01-02 3:4:5", "2020-13-01"],
    "timestamp_ntz": ["2020-01-02", "2020-01-02 03:04:05", "2020-01-02T03:04:05Z", "x"],
    "string": ["x", "", " y ", '"q"', '""', "a\u00e9"], "binary": ["x", "", "\u00e9"],
}
for kind, values in TYPED.items():
    lines = "".join(f'"{v}",{i}\n' if "," in v else f"{v},{i}\n" for i, v in enumerate(values))
    plain = kind.split("(")[0] + ("" if "(" not in kind else kind.split("(")[1].split(",")[0])
    for mode in MODES[:2]:
        columns = f"a {kind}, i int" + (", _corrupt_record string" if mode == "PERMISSIVE" else "")
        add(f"csv_typed_{plain}_{mode.lower()}", {"a.csv": lines}, "csv", {"mode": mode}, columns)
    for i, v in enumerate(values):
        cell = f'"{v}"' if "," in v else v
        add(f"csv_failfast_{plain}_{i:02}", {"a.csv": f"{cell},{i}\n"}, "csv", {"mode": "FAILFAST"}, f"a {kind}, i int")
# Lines that end in more than one way: the first of them says which one counts.
RETURNS = {
    "later": 'id,s,t\n1,"line1\nline2",x\n2,"a\r\nb",y\r\n', "all": 'id,s\r\n1,"a\nb"\r\n2,"a\r\nb"\r\n3,"q\rr"\r\n',
    "none": 'id,s\n1,"a\nb"\n2,"a\r\nb"\n3,"q\rr"\n4,q\rr\n', "quoted": 'id,s\n1,"x"\r\n2,"y" \r\n3," z"\r \n"q"\r,"r"\r\n',
    "end": "id,s\n1,w\r", "blank": "id,s\n\r\n1,w\r\n\r\n2,c\r\n", "first": "\n\nid,s\r\n1,a\r\n", "bom": "\ufeffid,s\n1,a\r\n2,\"b\r\nc\"\r\n",
    "quoted_first": 'id,"s\ns",t\r\n1,"line1\nline2",x\r\n2,"b\r\nc",y\r\n',
}
for theme, text in RETURNS.items():
    add(f"csv_returns_{theme}", {"a.csv": text}, "csv", {"multiLine": "true", "header": "true"})
    add(f"csv_returns_{theme}_trimmed", {"a.csv": text}, "csv", {"multiLine": "true", "ignoreTrailingWhiteSpace": "true"}, "a string, b string, c string")
SCHEMA = "id int, name string, amount double"
for mode in MODES:
    for theme in ["short_long", "plain", "quotes", "multi", "blank_lines", "empty", "only_header"]:
        for corrupt in [False, True]:
            columns = SCHEMA + (", _corrupt_record string" if corrupt else "")
            add(f"csv_given_{theme}_{mode.lower()}{'_corrupt' if corrupt else ''}", {"a.csv": CSV[theme]}, "csv",
                {"header": "true", "mode": mode}, columns)
add("csv_corrupt_renamed", {"a.csv": "1,x\nz,y\n"}, "csv", {"columnNameOfCorruptRecord": "bad"}, "a int, b string, bad string")
add("csv_corrupt_in_middle", {"a.csv": "1,x\nz,y\n"}, "csv", {}, "a int, _corrupt_record string, b string")
add("csv_pruned", {"a.csv": "1,x,3\nz,y\n3,z,w\n"}, "csv", {"mode": "DROPMALFORMED"}, "a int, b string, c int", query="SELECT b FROM v")
add("csv_count", {"a.csv": "1,x,3\nz,y\n3,z,w\n\n"}, "csv", {"mode": "DROPMALFORMED"}, "a int, b string, c int", query="SELECT count(*) AS n FROM v")
add("csv_other_header", {"a.csv": "x,y\n1,2\n"}, "csv", {"header": "true"}, "a int, b int")
add("csv_other_header_unenforced", {"a.csv": "x,y\n1,2\n"}, "csv", {"header": "true", "enforceSchema": "false"}, "a int, b int")
add("csv_two_files", {"a.csv": "id,x\n1,2\n", "b.csv": "id,x\n3,y\n", "_hidden.csv": "z\n", ".dot.csv": "z\n"}, "csv",
    {"header": "true", "inferSchema": "true"})
add("csv_two_headers", {"a.csv": "id,x\n1,2\n", "b.csv": "x,id,w\n3,4,5\n"}, "csv", {"header": "true"})
add("csv_gzip", {"a.csv.gz": gzip.compress(b"id,x\n1,2\n", mtime=0)}, "csv", {"header": "true"})
add("csv_gzip_members", {"a.csv.gz": gzip.compress(b"id,x\n1,2\n", mtime=0) + gzip.compress(b"3,4\n", mtime=0)}, "csv", {"header": "true"})
add("csv_glob", {"a1.csv": "1\n", "a2.csv": "2\n", "b.csv": "3\n"}, "csv", {}, path="{dir}/a*.csv")
add("csv_glob_braces", {"a1.csv": "1\n", "a2.csv": "2\n", "b.csv": "3\n"}, "csv", {}, path="{dir}/{{a1,b}}.csv")
add("csv_glob_set", {"a1.csv": "1\n", "a2.csv": "2\n", "a3.csv": "3\n"}, "csv", {}, path="{dir}/a[1-2].csv")
add("csv_glob_question", {"a1.csv": "1\n", "a22.csv": "2\n"}, "csv", {}, path="{dir}/a?.csv")
add("csv_path_filter", {"a1.csv": "1\n", "b.txt": "2\n"}, "csv", {"pathGlobFilter": "*.csv"})
add("csv_recursive", {"a.csv": "1\n", "x/b.csv": "2\n", "x/y/c.csv": "3\n"}, "csv", {"recursiveFileLookup": "true"})

# ---- JSON
JSON = {
    "plain": '{"id":1,"name":"ann"}\n{"id":2,"name":"bob","x":1.5}\n',
    "order": '{"b":1,"a":2}\n{"c":3,"a":4}\n',
    "nested": '{"a":{"b":{"c":1}},"l":[1,2,null],"m":[{"x":1},{"y":"z"}]}\n{"a":{"b":{"d":true}},"l":[],"m":null}\n{"a":null}\n',
    "widening": '{"a":1,"b":1,"c":1,"d":1,"e":true}\n{"a":3000000000,"b":1.5,"c":"x","d":null,"e":1}\n',
    "big": '{"a":9223372036854775807,"b":9223372036854775808,"c":123456789012345678901234567890123456789012}\n',
    "floats": '{"a":1e5,"b":1.0,"c":0.1,"d":1E-10,"e":-0.0,"f":1e400}\n',
    "mixed": '{"a":1}\n{"a":{"b":1}}\n{"a":[1]}\n{"a":"x"}\n',
    "array_mixed": '{"a":[1,"x",null,{"b":1},[2]]}\n',
    "array_lines": '[{"a":1},{"a":2}]\n{"a":3}\n[]\n',
    "scalars": '1\n"x"\nnull\ntrue\n{"a":1}\n',
    "blank_lines": '\n{"a":1}\n   \n\n{"a":2}\n',
    "bom": b'\xef\xbb\xbf{"a":1}\n{"a":2}\n',
    "crlf": '{"a":1}\r\n{"a":2}\r\n',
    "spaces": '  { "a" : 1 , "b" : [ 1 , 2 ] }  \n\t{"a":2}\t\n',
    "broken": '{"a":1}\n{"a":2\n{"a":"x"}\n{"a":3,}\n{a:4}\n{"a":5}}\n{"a":6} x\n}\n{\n{"a":\n{"a":07}\n{"a":+7}\n{"a":.5}\n{"a":1.}\n{"a":NaN}\n{"a":8}{"a":9}\n',
    "escapes": '{"a":"\\n\\t\\"\\\\\\/\\b\\f\\r\\u00e9\\ud83d\\ude00"}\n{"a":"\\x"}\n{"a":"\\ud800"}\n{"a":"\\u12"}\n{"a":"\\u0000z"}\n',
    "controls": '{"a":"x\ty"}\n{"a":"x\x01y"}\n',
    "nul_bytes": b'{"a":"x\x00y"}\n\x00\n{"a":"z"}\n',
    "invalid_utf8": b'{"a":"\xff\xfe"}\n{"a":"\xc3\x28z"}\n{"\xe2\x82":1}\n',
    "unicode": '{"n\u00e4me":"\u00e9","\U0001F600":"\u4e2d"}\n',
    "duplicate_keys": '{"a":1,"a":2}\n{"A":3,"a":4}\n',
    "case_keys": '{"Ab":1}\n{"aB":2}\n',
    "empty_key": '{"":1,"a":2}\n',
    "empty": "", "only_newlines": "\n\n", "empty_objects": "{}\n{}\n",
    "nulls": '{"a":null,"b":null}\n{"a":null,"b":"x"}\n',
    "empty_nested": '{"a":[],"b":{},"c":[[]],"d":[{}]}\n',
    "dates": '{"a":"2020-01-02","b":"2020-01-02T03:04:05Z","c":"12.30","d":"2020"}\n',
    "comments": '/* c */ {"a":1}\n{"a":2} // x\n# y\n',
    "single_quotes": "{'a':'x'}\n{\"a\":'y'}\n{'a':\"z\"}\n",
    "no_last_newline": '{"a":1}\n{"a":2}',
    "names": '{"a b":1,"a.b":2,"a`b":3,"a-b":4}\n',
    "deep": '{"a":' + "[" * 60 + "1" + "]" * 60 + "}\n",
}
for theme, text in JSON.items():
    add(f"json_{theme}", {"a.json": text}, "json")
for theme in ["broken", "escapes", "controls", "invalid_utf8", "scalars", "array_lines", "mixed", "comments"]:
    for mode in MODES[1:]:
        add(f"json_{theme}_{mode.lower()}", {"a.json": text if False else JSON[theme]}, "json", {"mode": mode})
MULTI = {
    "array": '[\n  {"a": 1},\n  {"a": 2,\n   "b": "x"}\n]\n', "object": '{\n "a": 1,\n "b": [1,\n2]\n}\n',
    "two_objects": '{"a":1}\n{"a":2}\n', "broken": '[{"a":1},\n{"a":}]', "empty": "", "scalar": "1",
    "nested_arrays": '[[{"a":1}],{"a":2}]',
}
for theme, text in MULTI.items():
    for mode in MODES:
        add(f"json_multi_{theme}_{mode.lower()}", {"a.json": text}, "json", {"multiLine": "true", "mode": mode})
JSON_OPTIONS = [
    ("widening", {"primitivesAsString": "true"}), ("nested", {"primitivesAsString": "true"}),
    ("floats", {"prefersDecimal": "true"}), ("big", {"prefersDecimal": "true"}), ("dates", {"inferTimestamp": "true"}),
    ("comments", {"allowComments": "true"}), ("single_quotes", {"allowSingleQuotes": "false"}),
    ("broken", {"allowUnquotedFieldNames": "true"}), ("broken", {"allowNumericLeadingZeros": "true"}),
    ("escapes", {"allowBackslashEscapingAnyCharacter": "true"}), ("controls", {"allowUnquotedControlChars": "true"}),
    ("nulls", {"dropFieldIfAllNull": "true"}), ("empty_nested", {"dropFieldIfAllNull": "true"}),
    ("broken", {"columnNameOfCorruptRecord": "bad"}), ("plain", {"samplingRatio": "1.0"}),
    ("broken", {"allowNonNumericNumbers": "false"}), ("plain", {"encoding": "UTF-8"}), ("plain", {"lineSep": "\n"}),
]
for i, (theme, options) in enumerate(JSON_OPTIONS):
    add(f"json_option_{i:02}_{theme}_{'_'.join(options).lower()}", {"a.json": JSON[theme]}, "json", options)
JSON_TYPED = {
    "int": ["1", "-1", "1.0", "1.5", "2147483648", '"1"', '"x"', "true", "null", "[1]", "{}", "1e2", '""'],
    "bigint": ["9223372036854775807", "9223372036854775808", "1.0"], "tinyint": ["127", "128"], "smallint": ["32767", "32768"],
    "double": ["1", "1.5", "1e400", '"NaN"', '"Infinity"', '"-INF"', '"1.5"', "true", "NaN", '""'],
    "float": ["1.5", "1e40", '"NaN"', '"x"'],
    "decimal(5,2)": ["1.5", "1.555", "999.99", "1000", '"1.5"', '"x"', "1e2", "true"],
    "boolean": ["true", "false", '"true"', "1", "null", '""'],
    "string": ['"x"', "1", "1.50", "true", "null", '{"b": [1, 2]}', "[1, {\"c\":null}]", '""', "1e5"],
    "binary": ['"AQID"', '"x"', "1", '""'],
    "date": ['"2020-01-02"', '"2020-1-2"', '"2020-02-30"', '"x"', "18000", '"2020-01-02T03:04:05"', '""'],
    "timestamp": ['"2020-01-02 03:04:05"', '"2020-01-02T03:04:05.123Z"', '"2020-01-02"', '"x"', "1577934245", "1.5", '""'],
    "timestamp_ntz": ['"2020-01-02 03:04:05"', '"2020-01-02T03:04:05Z"', '"x"'],
    "array<int>": ["[1,2]", "[1,null]", '[1,"x"]', "[]", "1", "{}", '"x"', "null", "[[1]]"],
    "struct<x:int,y:string>": ['{"x":1,"y":"a"}', '{"x":"z","y":"a"}', "{}", '{"y":2,"q":3}', "1", "[1]", "null", '"s"', "[]"],
    "map<string,int>": ['{"a":1,"b":null}', "{}", '{"a":"x"}', "1", "null", "[1]"],
    "map<string,array<int>>": ['{"a":[1],"b":[]}', '{"a":1}'],
    "array<struct<x:int>>": ['[{"x":1},null,{"x":"q"},{}]', '{"x":1}'],
}
for kind, values in JSON_TYPED.items():
    lines = "".join(f'{{"a":{v},"i":{i}}}\n' for i, v in enumerate(values))
    plain = "".join(c if c.isalnum() else "_" for c in kind).strip("_")
    for mode in MODES[:2]:
        columns = f"a {kind}, i int" + (", _corrupt_record string" if mode == "PERMISSIVE" else "")
        add(f"json_typed_{plain}_{mode.lower()}", {"a.json": lines}, "json", {"mode": mode}, columns)
    for i, v in enumerate(values):
        add(f"json_failfast_{plain}_{i:02}", {"a.json": f'{{"a":{v},"i":{i}}}\n'}, "json", {"mode": "FAILFAST"}, f"a {kind}, i int")
for mode in MODES:
    for theme in ["broken", "plain", "blank_lines", "empty", "scalars", "array_lines"]:
        for corrupt in [False, True]:
            columns = "a int, name string" + (", _corrupt_record string" if corrupt else "")
            add(f"json_given_{theme}_{mode.lower()}{'_corrupt' if corrupt else ''}", {"a.json": JSON[theme]}, "json",
                {"mode": mode}, columns)
for kind in ["double", "float", "string", "decimal(5,2)", "array<double>", "map<string, float>"]:
    zeros = ["-0", "-0.0", "-0e0", "0", "[-0]", '{"k":-0}']
    add(f"json_zeros_{kind.split('(')[0].split('<')[0]}", {"a.json": "".join(f'{{"n":{z}}}\n' for z in zeros)}, "json", schema=f"n {kind}")
add("json_zeros", {"a.json": '{"n":-0,"f":-0.0,"d":-0}\n{"n":0,"f":1,"d":1.5}\n'}, "json")
add("json_gzip", {"a.json.gz": gzip.compress(b'{"a":1}\n', mtime=0)}, "json")
add("json_two_files", {"a.json": '{"a":1}\n', "b.json": '{"a":"x","b":2}\n', "_x.json": "z\n"}, "json")
add("json_pruned", {"a.json": JSON["broken"]}, "json", {"mode": "DROPMALFORMED"}, "a int, b int", query="SELECT b FROM v")
add("json_count", {"a.json": JSON["broken"]}, "json", {"mode": "DROPMALFORMED"}, "a int, b int", query="SELECT count(*) AS n FROM v")
add("json_date_format", {"a.json": '{"a":"02/01/2020"}\n'}, "json", {"dateFormat": "dd/MM/yyyy"}, "a date")
add("json_timestamp_format", {"a.json": '{"a":"02/01/2020 03:04"}\n'}, "json", {"timestampFormat": "dd/MM/yyyy HH:mm"}, "a timestamp")
add("csv_date_format", {"a.csv": "02/01/2020\nx\n"}, "csv", {"dateFormat": "dd/MM/yyyy"}, "a date")
add("csv_timestamp_format", {"a.csv": "02/01/2020 03:04\n"}, "csv", {"timestampFormat": "dd/MM/yyyy HH:mm"}, "a timestamp")

# ---- partition folders
PARTITIONS = {
    "ints": ["p=1", "p=2", "p=10"], "longs": ["p=1", "p=3000000000"], "leading_zeros": ["p=01", "p=1"],
    "doubles": ["p=1", "p=1.5"], "dates": ["p=2020-01-01", "p=2020-02-03"], "mixed_dates": ["p=2020-01-01", "p=x"],
    "times": ["p=2020-01-01 00%3A00%3A00", "p=2020-01-01 12%3A30%3A00"], "strings": ["p=a", "p=b"],
    "nulls": ["p=1", "p=__HIVE_DEFAULT_PARTITION__"], "only_null": ["p=__HIVE_DEFAULT_PARTITION__"],
    "null_strings": ["p=a", "p=__HIVE_DEFAULT_PARTITION__"], "escapes": ["p=a%20b", "p=c%2Fd", "p=%25", "p=e=f"],
    "booleans": ["p=true", "p=false"], "decimals": ["p=12345678901234567890", "p=1"], "empty": ["p=", "p=1"],
    "two": ["p=1/q=a", "p=1/q=b", "p=2/q=a"], "depths": ["p=1/q=a", "p=2"], "names": ["p=1", "q=2"],
    "case": ["P=1", "p=2"], "unicode": ["p=\u00e9", "p=\u4e2d"], "negative": ["p=-1", "p=5"], "plus": ["p=a+b", "p=c d"],
    "overlap": ["id=7", "id=8"], "bad_escape": ["p=a%zz", "p=%2"], "float_text": ["p=1e5", "p=NaN"], "spaces": ["p= 1", "p=2 "],
    "loose": ["p=1", "."],
}
for theme, folders in PARTITIONS.items():
    files = {f"{folder}/a.csv": f"{i},x{i}\n" for i, folder in enumerate(folders)}
    add(f"partition_{theme}", files, "csv", {}, "id int, name string" if theme == "overlap" else None)
    add(f"partition_{theme}_json", {k[:-3] + "json": '{"id":1}\n' for k in files}, "json")
two = {f"p={p}/q={q}/a.csv": f"{p}{q}\n" for p in [1, 2, 10] for q in ["a", "b", "__HIVE_DEFAULT_PARTITION__"]}
for i, where in enumerate(["p = 1", "p > 1", "p = '2'", "q = 'a'", "q IS NULL", "q IS NOT NULL AND p < 10", "q <=> NULL",
                           "p IN (1, 10)", "p + 1 = 3", "q LIKE 'b%'", "p = 1 OR q = 'b'", "NOT (p = 1)", "p BETWEEN 2 AND 9",
                           "concat(p, q) = '2a'", "p = 1 AND _c0 = '1a'", "false", "coalesce(q, 'z') = 'z'"]):
    add(f"partition_filter_{i:02}", two, "csv", {}, query=f"SELECT * FROM v WHERE {where}")
add("partition_given", {"p=1/a.csv": "1\n", "p=2/a.csv": "2\n"}, "csv", {}, "id int, p string")
add("partition_given_bad", {"p=1/a.csv": "1\n", "p=x/a.csv": "2\n"}, "csv", {}, "id int, p int")
add("partition_base_path", {"p=1/q=2/a.csv": "1\n"}, "csv", {"basePath": "{dir}"}, path="{dir}/p=1")
add("partition_no_base_path", {"p=1/q=2/a.csv": "1\n"}, "csv", {}, path="{dir}/p=1")
add("partition_glob", {"p=1/q=2/a.csv": "1\n", "p=2/q=3/a.csv": "2\n"}, "csv", {}, path="{dir}/p=*/q=*")

# ---- ORC: files that Spark itself writes
ORC = {
    "integers": "SELECT CAST(id AS TINYINT) AS a, CAST(id * 100 AS SMALLINT) AS b, CAST(id AS INT) AS c, id * 9000000000 AS d FROM range(-50, 50)",
    "limits": ("SELECT * FROM VALUES (127Y, 32767S, 2147483647, 9223372036854775807L), (-128Y, -32768S, -2147483648, -9223372036854775807L - 1), "
               "(NULL, NULL, NULL, NULL) AS t(a, b, c, d)"),
    "floats": "SELECT CAST(v AS FLOAT) AS f, v AS d FROM VALUES (0D), (-0D), (1.5D), (DOUBLE('NaN')), (DOUBLE('Infinity')), (-1e300D), (NULL) AS t(v)",
    "decimals": "SELECT CAST(v AS DECIMAL(5, 2)) AS a, CAST(v AS DECIMAL(18, 6)) AS b, CAST(v AS DECIMAL(38, 10)) AS c FROM VALUES (1.5), (-999.99), (0), (NULL) AS t(v)",
    "texts": "SELECT * FROM VALUES ('', X''), ('a', X'00FF'), ('gr\u00fcn \u4e2d\u6587', X'41'), (repeat('long ', 50), X'42'), (NULL, NULL) AS t(s, b)",
    "repeated": "SELECT concat('value ', id % 5) AS s, id DIV 30 AS n, id % 3 = 0 AS f FROM range(300)",
    "dates": "SELECT * FROM VALUES (DATE'1970-01-01'), (DATE'0001-01-01'), (DATE'1582-10-15'), (DATE'9999-12-31'), (DATE'2024-02-29'), (NULL) AS t(d)",
    "times": ("SELECT * FROM VALUES (TIMESTAMP'1970-01-01 00:00:00', TIMESTAMP_NTZ'1970-01-01 00:00:00'), (TIMESTAMP'2024-07-01 12:34:56.789012', "
              "TIMESTAMP_NTZ'1960-01-02 03:04:05.6'), (TIMESTAMP'1969-12-31 23:59:58.5', TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'), "
              "(TIMESTAMP'1900-01-01 00:00:00', NULL), (NULL, NULL) AS t(a, b)"),
    "intervals": "SELECT INTERVAL '1-2' YEAR TO MONTH AS a, INTERVAL '3' MONTH AS b, INTERVAL '1 02:03:04.5' DAY TO SECOND AS c, INTERVAL '-4' HOUR AS d",
    "nested": ("SELECT array(1, NULL, 3) AS a, map('k', 1.5D, 'l', NULL) AS m, named_struct('x', 1, 'y', array(named_struct('z', 'deep'))) AS s "
               "UNION ALL SELECT NULL, NULL, NULL UNION ALL SELECT array(), map(), named_struct('x', NULL, 'y', NULL)"),
    "nested_times": "SELECT array(TIMESTAMP'2024-01-01 00:00:00', NULL) AS a, map('k', TIMESTAMP_NTZ'2024-01-01 00:00:00') AS m, named_struct('d', DATE'2024-01-01') AS s",
    "empty": "SELECT 1 AS a, 'x' AS b WHERE 1 = 0",
    "names": "SELECT 1 AS `Upper`, 2 AS `with space`, 3 AS `dot.ted`, 4 AS `gr\u00fcn`",
    "nulls": "SELECT CAST(NULL AS INT) AS a, CAST(NULL AS STRING) AS b, CAST(NULL AS ARRAY<INT>) AS c FROM range(20)",
    "many": "SELECT id, concat('row ', id) AS s, id * 0.25D AS d, IF(id % 7 = 0, NULL, id) AS n FROM range(3000)",
}
for theme, text in ORC.items():
    query = {"many": "SELECT count(*) AS n, count(n) AS m, sum(id) AS i, max(s) AS s, sum(d) AS d FROM v", "texts": "SELECT s, hex(b) AS b FROM v"}.get(theme)
    add(f"orc_{theme}", {}, "orc", made=(text, {}), query=query)
for codec in ["none", "snappy", "zlib", "lz4", "zstd"]:
    add(f"orc_codec_{codec}", {}, "orc", made=(ORC["nested"], {"compression": codec}))
add("orc_given", {}, "orc", made=("SELECT 1 AS a, 'x' AS b", {}), schema="b STRING, a BIGINT, more DOUBLE")
add("orc_case", {}, "orc", made=("SELECT 1 AS Abc, 'x' AS DEF", {}), query="SELECT abc, def FROM v")
add("orc_some", {}, "orc", made=(ORC["nested"], {}), query="SELECT m, a FROM v")
add("orc_members", {}, "orc", made=(ORC["nested"], {}), query="SELECT s.y[0].z AS z, a[0] AS a FROM v WHERE s.x = 1")
add("orc_hive_names", {}, "orc", made=("SELECT 1 AS _col0, 'x' AS _col1", {}), schema="id INT, name STRING")
add("orc_text_file", {"a.orc": "no columns at all, only words"}, "orc")
add("orc_short_file", {"a.orc": "ORC"}, "orc")

# ---- Parquet: files that Spark writes with its calendar and layout of before version 3
EARLY = ("SELECT * FROM VALUES (1, DATE'0001-01-01', TIMESTAMP'0001-01-01 00:00:00'), (2, DATE'0200-03-01', TIMESTAMP'0200-03-01 12:30:00.123456'), "
         "(3, DATE'1500-03-01', TIMESTAMP'1500-03-01 01:02:03'), (4, DATE'1582-10-04', TIMESTAMP'1582-10-04 12:00:00'), "
         "(5, DATE'1582-10-15', TIMESTAMP'1582-10-15 00:00:00'), (6, DATE'1883-11-18', TIMESTAMP'1883-11-17 00:00:00'), "
         "(7, DATE'1899-12-31', TIMESTAMP'1899-12-31 12:00:00'), (8, DATE'2020-02-29', TIMESTAMP'2020-02-29 12:00:00.5'), (9, NULL, NULL) AS t(id, d, t)")
EARLY_ALL = f"SELECT id, d, t, array(d) AS ds, named_struct('t', t) AS st, CAST(t AS TIMESTAMP_NTZ) AS n FROM ({EARLY})"
OLD = {"spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY", "spark.sql.parquet.int96RebaseModeInWrite": "LEGACY"}
NEW = {"spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED", "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED"}
STORED = {"micros": "TIMESTAMP_MICROS", "millis": "TIMESTAMP_MILLIS", "int96": "INT96"}
for theme, kind in STORED.items():
    stored = {"spark.sql.parquet.outputTimestampType": kind}
    for zone in ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Europe/Paris"]:
        conf = OLD | stored | {"spark.sql.session.timeZone": zone}
        add(f"parquet_early_{theme}_{zone.split('/')[-1].lower()}", {}, "parquet", made=(EARLY_ALL, {}, conf))
    for mode in ["LEGACY", "CORRECTED", "EXCEPTION"]:
        add(f"parquet_keyless_{theme}_{mode.lower()}", {}, "parquet", {"datetimeRebaseMode": mode, "int96RebaseMode": mode},
            made=(EARLY, {}, OLD | stored, {}, True))
    add(f"parquet_keyless_{theme}", {}, "parquet", made=(EARLY, {}, OLD | stored, {}, True))
    add(f"parquet_corrected_{theme}_legacy", {}, "parquet", {"datetimeRebaseMode": "LEGACY", "int96RebaseMode": "LEGACY"},
        made=(EARLY, {}, NEW | stored))
    flag = {"spark.legacyINT96": "spark.noneneINT96", "spark.legacyDateTime": "spark.noneneDateTime"}
    for version in ["2.4.8", "3.0.3", "3.1.0"]:
        add(f"parquet_version_{theme}_{version[:3].replace('.', '')}", {}, "parquet", made=(EARLY, {}, OLD | stored, flag | {"4.1.1": version}))
for i, where in enumerate(["d <= DATE'1582-10-04'", "d < DATE'0001-01-02'", "d = DATE'1500-03-01'", "d IN (DATE'1582-10-04', DATE'2020-02-29')",
                           "d > DATE'1582-10-04'", "d >= DATE'0001-01-01' AND d < DATE'0200-03-02'", "t <= TIMESTAMP'1582-10-05 00:00:00'",
                           "t = TIMESTAMP'1500-03-01 01:02:03'", "t >= TIMESTAMP'0001-01-01 00:00:00'", "t < TIMESTAMP'1500-03-01 01:02:04'"]):
    part = f"SELECT * FROM ({EARLY}) WHERE id IN (3, 4)" if i in (0, 2, 3, 7, 9) else EARLY
    add(f"parquet_where_{i}", {}, "parquet", made=(part, {}, OLD | {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"}),
        query=f"SELECT id, d FROM v WHERE {where}")
    add(f"parquet_where_{i}_keyless", {}, "parquet", {"datetimeRebaseMode": "LEGACY"}, query=f"SELECT id, d FROM v WHERE {where}",
        made=(part, {}, OLD | {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"}, {}, True))
LISTS = ("SELECT array(array(id), array()) AS aa, array(array(id, NULL)) AS ab, array(array(array(id))) AS ac, array(map('k', array(id))) AS am, "
         "map('k', array(array(id))) AS ma, array(named_struct('x', array(array(id)))) AS asx, array(named_struct('array', id)) AS s1, "
         "array(named_struct('x', id), NULL) AS s2, array(array(named_struct('array', array(id, NULL)))) AS s3, "
         "IF(id = 0, NULL, array(NULL, array(NULL, array(id)), array())) AS n, array(map(id, map('m', array(map('q', id))))) AS mm FROM range(3)")
for legacy in ["true", "false"]:
    add(f"parquet_lists_{legacy}", {}, "parquet", made=(LISTS, {}, {"spark.sql.parquet.writeLegacyFormat": legacy}))
