extension PageFiles {
    static let style = """
        :root { color-scheme: light dark; --back: #f6f7f8; --card: #fff; --text: #17212b; --soft: #5b6773;
          --line: #dfe3e8; --main: #0f766e; --bar: #d9e2e2; --good: #15803d; --bad: #b91c1c; --busy: #0369a1;
          --badback: #fef2f2; --code: #f1f4f6; }
        @media (prefers-color-scheme: dark) {
          :root { --back: #10161c; --card: #182028; --text: #e4e9ee; --soft: #98a4b0; --line: #2b3641;
            --main: #2dd4bf; --bar: #2b3843; --good: #4ade80; --bad: #f87171; --busy: #38bdf8;
            --badback: #2a1b1f; --code: #121a21; }
        }
        * { box-sizing: border-box; }
        [hidden] { display: none !important; }
        body { margin: 0; background: var(--back); color: var(--text);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
        header { display: flex; align-items: center; flex-wrap: wrap; gap: 4px 20px; padding: 10px 24px;
          background: var(--card); border-bottom: 1px solid var(--line); }
        .brand { display: flex; align-items: center; gap: 9px; font-weight: 650; font-size: 17px;
            color: var(--text); }
        nav { display: flex; gap: 4px; }
        nav a { padding: 4px 11px; border-radius: 6px; color: var(--soft); }
        nav a.here { background: var(--code); color: var(--text); font-weight: 550; }
        #cluster { margin: 0 0 0 auto; color: var(--soft); font-size: 13.5px; }
        a { color: var(--main); text-decoration: none; } a:hover { text-decoration: underline; }
        nav a:hover, .brand:hover { text-decoration: none; color: var(--text); }
        main { max-width: 1240px; margin: 0 auto; padding: 22px 24px 60px; }
        h1 { font-size: 21px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 15.5px; margin: 26px 0 8px; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 9px; overflow: hidden;
            }
        table { width: 100%; border-collapse: collapse; }
        th { text-align: left; font-size: 12.5px; font-weight: 550; color: var(--soft); }
        th, td { padding: 9px 11px; border-bottom: 1px solid var(--line); vertical-align: middle; }
        tr:last-child td { border-bottom: 0; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td.name { overflow-wrap: anywhere; min-width: 210px; } td.small { white-space: nowrap; }
        .soft { color: var(--soft); } .small { font-size: 13px; }
        .state { display: inline-flex; align-items: center; gap: 7px; white-space: nowrap; }
        .state::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--soft); }
        .state.running::before { background: var(--busy); animation: pulse 1.6s infinite; }
        .state.succeeded::before, .state.active::before { background: var(--good); }
        .state.failed::before, .state.lost::before { background: var(--bad); }
        @keyframes pulse { 50% { opacity: .35; } }
        @media (prefers-reduced-motion: reduce) { .state.running::before { animation: none; } }
        progress { appearance: none; -webkit-appearance: none; width: 100%; min-width: 90px; height: 7px;
            border: 0;
          border-radius: 4px; background: var(--bar); display: block; overflow: hidden; }
        progress::-webkit-progress-bar { background: var(--bar); }
        progress::-webkit-progress-value { background: var(--main); }
        progress::-moz-progress-bar { background: var(--main); }
        progress.failed::-webkit-progress-value { background: var(--bad); }
        progress.failed::-moz-progress-bar { background: var(--bad); }
        .title { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
        .title .actions { margin-left: auto; display: flex; gap: 8px; }
        .facts { display: flex; flex-wrap: wrap; gap: 2px 22px; margin: 6px 0 14px; color: var(--soft);
            font-size: 13.5px; }
        button { font: inherit; font-size: 13.5px; padding: 5px 13px; border-radius: 6px; color: var(--text);
          border: 1px solid var(--line); background: var(--card); cursor: pointer; }
        button:hover { border-color: var(--soft); }
        button.main { background: var(--main); border-color: var(--main); color: var(--card);
            font-weight: 550; }
        :focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
        .error { border: 1px solid var(--bad); background: var(--badback); border-radius: 9px;
            padding: 13px 16px; margin: 14px 0; }
        .error strong { color: var(--bad); overflow-wrap: anywhere; } .error p { margin: 4px 0 0;
            overflow-wrap: anywhere; }
        pre { margin: 0; padding: 12px 16px; overflow-x: auto; background: var(--code); border-radius: 7px;
          font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; tab-size: 4; }
        .error pre { margin-top: 9px; } .card pre { border-radius: 0; max-height: 420px; overflow: auto; }
        .warn { color: #b45309; } @media (prefers-color-scheme: dark) { .warn { color: #fbbf24; } } .bad {
            color: var(--bad); }
        details { margin-top: 18px; } summary { cursor: pointer; } summary h2 { display: inline; }
        details > .card { margin-top: 8px; }
        .empty { padding: 34px 20px; text-align: center; color: var(--soft); }
        .empty code { display: inline-block; margin-top: 8px; padding: 6px 12px; background: var(--code);
            border-radius: 6px;
          color: var(--text); font: 13px ui-monospace, "DejaVu Sans Mono", monospace;
              overflow-wrap: anywhere; }
        #notice { margin: 0; padding: 8px 24px; background: var(--badback); color: var(--bad);
            border-bottom: 1px solid var(--bad); }
        form { max-width: 380px; margin: 9vh auto 0; padding: 26px; }
        form p { color: var(--soft); } label { font-weight: 550; font-size: 14px; }
        input { width: 100%; font: inherit; padding: 8px 11px; margin: 5px 0 14px;
            border: 1px solid var(--line);
          border-radius: 6px; background: var(--back); color: var(--text); }
        @media (max-width: 720px) {
          header { padding: 10px 16px; } main { padding: 16px 12px 40px; }
          #cluster { width: 100%; margin: 2px 0 0; }
          thead { display: none; }
          table, tbody, tr, td { display: block; }
          tr { padding: 11px 14px; border-bottom: 1px solid var(--line); display: grid;
            grid-template-columns: 1fr 1fr; gap: 3px 14px; }
          tr:last-child { border-bottom: 0; }
          td, td.number { padding: 0; border: 0; text-align: left; white-space: normal; font-size: 14px; }
          td.wide { grid-column: 1 / -1; }
          td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: 12.5px; }
          .title .actions { margin-left: 0; }
        }
        """
}
