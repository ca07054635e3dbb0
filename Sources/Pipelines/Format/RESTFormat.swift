/// Lists the keys of `extract[].rest` and `extract[].command`. What their values mean is checked by the
/// connectors on workers; unknown keys are found here, with their place.
enum RESTFormat {
    static let rest = FormatObject(keys: [
        FormatKey("client", .object(client), "The server.", isRequired: true),
        FormatKey("endpoint", .anyOf([.text, .object(endpoint)]), "What is asked of it; or its path alone."),
    ])

    private static let paginatorShape = FormatShape.anyOf([.text, .object(paginator)])

    static let client = FormatObject(keys: [
        FormatKey("base_url", .text, "Address that paths are below.", isRequired: true),
        FormatKey("headers", .map(.text), "Headers of each request."),
        FormatKey("auth", .object(authentication), "Login, its secrets by reference."),
        FormatKey("paginator", paginatorShape, "How the next page is found; auto by default."),
        FormatKey("timeout", .duration, "Longest time of one request; 10 minutes by default."),
        FormatKey(
            "max_response_bytes", .integer(atLeast: 1), "Largest page, bytes; 256 MiB by default."),
        FormatKey("retries", .integer(atLeast: 0), "Tries after the first; 4 by default."),
        FormatKey("max_retry_delay", .duration, "Longest pause before a try; 5 minutes by default."),
    ])

    static let authentication = FormatObject(keys: [
        FormatKey(
            "type", .choice(["bearer", "http_basic", "api_key", "oauth2_client_credentials"]),
            "bearer by default."),
        FormatKey("token", .text, "bearer: the token, {{ env_var('NAME') }}."),
        FormatKey("username", .text, "http_basic: the user."),
        FormatKey("password", .text, "http_basic: the password, {{ env_var('NAME') }}."),
        FormatKey("name", .text, "api_key: name of the header or parameter; Authorization by default."),
        FormatKey("api_key", .text, "api_key: the key, {{ env_var('NAME') }}."),
        FormatKey("location", .choice(["header", "query", "param"]), "api_key: header by default."),
        FormatKey("access_token_url", .text, "oauth2: where tokens are given out."),
        FormatKey("client_id", .text, "oauth2: who asks."),
        FormatKey("client_secret", .text, "oauth2: the secret, {{ env_var('NAME') }}."),
        FormatKey("scope", .text, "oauth2: what the token is for."),
        FormatKey("access_token_request_data", .map(.text), "oauth2: further fields of the request."),
        FormatKey(
            "default_token_expiration", .integer(atLeast: 1), "oauth2: life of a token that names none, s."),
    ])

    static let paginator = FormatObject(keys: [
        FormatKey(
            "type",
            .choice([
                "auto", "json_link", "header_link", "header_cursor", "offset", "page_number", "cursor",
                "single_page",
            ]), "Kind of paginator.", isRequired: true),
        FormatKey("next_url_path", .text, "json_link: where the link is; next by default."),
        FormatKey("links_next_key", .text, "header_link: relation of the link; next by default."),
        FormatKey("cursor_key", .text, "header_cursor: the header."),
        FormatKey("cursor_path", .text, "cursor: where it is; cursors.next by default."),
        FormatKey("cursor_param", .text, "cursor: parameter that carries it; cursor by default."),
        FormatKey("cursor_body_path", .text, "cursor: member of the body that carries it."),
        FormatKey("limit", .integer(atLeast: 1), "offset: rows of a page."),
        FormatKey("offset", .integer(atLeast: 0), "offset: of the first page."),
        FormatKey("offset_param", .text, "offset: parameter; offset by default."),
        FormatKey("limit_param", .text, "offset: parameter; limit by default."),
        FormatKey("offset_body_path", .text, "offset: member of the body."),
        FormatKey("limit_body_path", .text, "offset: member of the body."),
        FormatKey("base_page", .integer(atLeast: 0), "page_number: number of the first page there is."),
        FormatKey("page", .integer(atLeast: 0), "page_number: page to begin with."),
        FormatKey("page_param", .text, "page_number: parameter; page by default."),
        FormatKey("page_body_path", .text, "page_number: member of the body."),
        FormatKey("total_path", .text, "Where the total of rows or pages is; total by default."),
        FormatKey("has_more_path", .text, "Where it stands whether more pages follow."),
        FormatKey("maximum_offset", .integer(atLeast: 0), "offset: where to stop."),
        FormatKey("maximum_page", .integer(atLeast: 0), "page_number: where to stop."),
        FormatKey("stop_after_empty_page", .boolean, "true by default."),
    ])

    static let endpoint = FormatObject(keys: [
        FormatKey("path", .text, "Path below base_url."),
        FormatKey("method", .choice(["GET", "POST", "PUT", "PATCH"]), "GET by default."),
        FormatKey(
            "params", .map(.anyOf([.text, .object(incrementalParameter)])),
            "Parameters of the query; one may be where reads begin, type: incremental."),
        FormatKey("headers", .map(.text), "Headers of each request."),
        FormatKey("json", .map(.any), "Body of each request."),
        FormatKey("data_selector", .text, "Where a page's records are; found by dlt's rules by default."),
        FormatKey("paginator", paginatorShape, "How the next page is found."),
        FormatKey("incremental", .object(incremental), "Read only what is new since the last run."),
        FormatKey("response_actions", .list(.object(action)), "What is done about certain answers."),
    ])

    static let incremental = FormatObject(keys: [
        FormatKey("cursor_path", .text, "Member of the records that grows.", isRequired: true),
        FormatKey("initial_value", .text, "Where the first read begins."),
        FormatKey("end_value", .text, "Where reads end, exclusive."),
        FormatKey("start_param", .text, "Parameter that carries the start."),
        FormatKey("end_param", .text, "Parameter that carries end_value."),
        FormatKey(
            "on_cursor_value_missing", .choice(["raise", "include", "exclude"]), "raise by default."),
    ])

    /// dlt's other way to say `incremental` with its `start_param`.
    static let incrementalParameter = FormatObject(
        keys: [FormatKey("type", .choice(["incremental"]), "Always incremental.", isRequired: true)]
            + incremental.keys.filter { !$0.name.hasSuffix("_param") })

    static let action = FormatObject(keys: [
        FormatKey("status_code", .integer(atLeast: 100), "Status of the answer."),
        FormatKey("content", .text, "Text in the answer."),
        FormatKey("action", .choice(["ignore", "retry", "fail"]), "ignore ends the read.", isRequired: true),
    ])

    static let command = FormatObject(keys: [
        FormatKey("run", .list(.text), "Program and arguments.", isRequired: true),
        FormatKey(
            "env", .anyOf([.list(.text), .map(.text)]),
            "Variables that pass, or their values; beside PATH, HOME, LANG, TZ no other does."),
        FormatKey("cwd", .text, "Directory to run in."),
        FormatKey("timeout", .duration, "Longest time; 1 hour by default."),
        FormatKey("memory", .text, "Memory of each of its processes; 1g by default."),
    ])
}
