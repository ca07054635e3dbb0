/// Holds how the page of a pipeline's documentation looks, and its one script.
enum DocsStyle {
    static let css = """

        :root { color-scheme: light dark; --back: #fff; --fore: #1c2430; --soft: #5b6675; --line: #d9dee5;
          --side: #f5f7f9; --link: #0b57a4; --extract: #0f766e; --transform: #7c3aed; --model: #1d4ed8;
          --seed: #a16207; --load: #be185d; --file: #64748b; }
        @media (prefers-color-scheme: dark) { :root { --back: #12161c; --fore: #e4e8ee; --soft: #9aa6b5;
          --line: #2c3440; --side: #181d25; --link: #7cb7ff; --extract: #5eead4; --transform: #c4b5fd;
          --model: #93c5fd; --seed: #fcd34d; --load: #f9a8d4; --file: #94a3b8; } }
        * { box-sizing: border-box; }
        body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--fore); }
        nav { position: fixed; inset: 0 auto 0 0; width: 280px; overflow: auto; padding: 16px;
          background: var(--side); border-right: 1px solid var(--line); }
        nav h1 { font-size: 18px; margin: 0 0 12px; overflow-wrap: anywhere; }
        nav ul { list-style: none; padding: 0; margin: 12px 0; }
        nav li a { display: block; padding: 3px 4px; text-decoration: none; overflow-wrap: anywhere; }
        input { width: 100%; padding: 6px 8px; font: inherit; color: inherit; background: var(--back);
          border: 1px solid var(--line); border-radius: 6px; }
        main { margin-left: 280px; padding: 16px 32px 64px; max-width: 1200px; }
        section { border-top: 1px solid var(--line); margin-top: 28px; padding-top: 4px; }
        section:target h2 { text-decoration: underline; }
        a { color: var(--link); }
        a:focus-visible, summary:focus-visible, input:focus-visible, .lineage:focus-visible {
          outline: 2px solid var(--link); outline-offset: 2px; }
        .facts { color: var(--soft); }
        .kind { font-size: 12px; font-weight: 600; }
        .kind.extract { color: var(--extract); } .kind.transform { color: var(--transform); }
        .kind.model { color: var(--model); } .kind.seed { color: var(--seed); }
        .kind.load { color: var(--load); }
        .tag { border: 1px solid var(--line); border-radius: 9px; padding: 0 7px; font-size: 12px; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line);
          vertical-align: top; }
        th { color: var(--soft); font-weight: 600; }
        pre { overflow: auto; padding: 12px; background: var(--side); border-radius: 6px; }
        .lineage { overflow: auto; max-height: 70vh; border: 1px solid var(--line); border-radius: 8px; }
        svg path { fill: none; stroke: var(--soft); stroke-width: 1.4; }
        svg rect { fill: var(--side); stroke: var(--soft); stroke-width: 1.4; }
        svg text { fill: var(--fore); font-size: 13px; }
        svg .extract rect { stroke: var(--extract); } svg .transform rect { stroke: var(--transform); }
        svg .model rect { stroke: var(--model); } svg .seed rect { stroke: var(--seed); }
        svg .load rect { stroke: var(--load); }
        svg .file rect { stroke: var(--file); stroke-dasharray: 4 3; }
        @media (max-width: 760px) { nav { position: static; width: auto; border-right: 0; }
          main { margin-left: 0; padding: 16px; } }

        """

    static let script = """

        document.getElementById('filter').addEventListener('input', event => {
          const wanted = event.target.value.toLowerCase();
          for (const item of document.querySelectorAll('nav li'))
            item.hidden = !item.textContent.toLowerCase().includes(wanted);
        });

        """
}
