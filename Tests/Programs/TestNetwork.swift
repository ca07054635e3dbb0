import Foundation

/// Holds hosts that are joined by a network of their own: Linux network namespaces on one bridge. Needs root;
/// all of it goes with `remove`, and with the object.
///
/// ```
///   coordinator 10.77.0.1   worker-1 10.77.0.2   worker-2 10.77.0.3   client 10.77.0.4
///        └────────────────────────┴────── bridge ──────┴────────────────────┘
/// ```
package final class TestNetwork {
    private let prefix = "mr\(UUID().uuidString.prefix(6).lowercased())"
    private var hosts: [String] = []
    private var processes: [StartedProgram] = []

    private static let ip = URL(fileURLWithPath: "/usr/sbin/ip")

    /// Makes a host for each name, with the addresses 10.77.0.1, 10.77.0.2 and so on.
    package init(hosts names: [String]) throws {
        try run(["netns", "add", namespace("bridge")])
        hosts.append("bridge")
        try run(["-n", namespace("bridge"), "link", "add", "lan", "type", "bridge"])
        try run(["-n", namespace("bridge"), "link", "set", "lan", "up"])
        for (index, name) in names.enumerated() {
            try run(["netns", "add", namespace(name)])
            hosts.append(name)
            try run([
                "link", "add", "eth0", "netns", namespace(name), "type", "veth", "peer", "name",
                "port\(index)", "netns", namespace("bridge"),
            ])
            try run(["-n", namespace("bridge"), "link", "set", "port\(index)", "master", "lan", "up"])
            try run(["-n", namespace(name), "addr", "add", "\(address(name))/24", "dev", "eth0"])
            for link in ["lo", "eth0"] { try run(["-n", namespace(name), "link", "set", link, "up"]) }
        }
    }

    deinit { remove() }

    /// Returns the address of a host on the network.
    package func address(_ name: String) -> String { "10.77.0.\(hosts.firstIndex(of: name) ?? 0)" }

    /// Starts a program on a host; it is killed when the network is removed.
    @discardableResult
    package func start(_ program: URL, _ arguments: [String], on host: String) throws -> StartedProgram {
        let started = try StartedProgram(
            TestNetwork.ip, ["netns", "exec", namespace(host), program.path] + arguments)
        processes.append(started)
        return started
    }

    /// Runs a program on a host to its end, killed after `seconds`.
    package func run(
        _ program: URL, _ arguments: [String], on host: String, seconds: Int = 60
    ) throws -> ProgramRun {
        try ProgramRun.run(
            TestNetwork.ip, ["netns", "exec", namespace(host), program.path] + arguments, seconds: seconds)
    }

    /// Takes a host off the network, or puts it back.
    package func connect(_ host: String, _ isConnected: Bool) throws {
        let port = (hosts.firstIndex(of: host) ?? 0) - 1
        try run([
            "-n", namespace("bridge"), "link", "set", "port\(port)", isConnected ? "up" : "down",
        ])
    }

    /// Has a host hear nothing of another one, which hears it still, until `heal`.
    package func deafen(_ host: String, to source: String) throws {
        let rules =
            "add table inet cut; add chain inet cut in { type filter hook input priority 0; }; "
            + "add rule inet cut in ip saddr \(address(source)) drop"
        try nft(rules, on: host)
    }

    /// Has a host hear all others again.
    package func heal(_ host: String) throws { try nft("delete table inet cut", on: host) }

    private func nft(_ rules: String, on host: String) throws {
        let ran = try run(URL(fileURLWithPath: "/usr/sbin/nft"), [rules], on: host)
        guard ran.status == 0 else { throw TestCluster.Failure(what: "nft \(rules): \(ran.errors)") }
    }

    /// Kills what was started and removes the hosts.
    package func remove() {
        for process in processes {
            process.send(SIGKILL)
            _ = try? process.waited()
        }
        processes = []
        for host in hosts.reversed() { try? run(["netns", "del", namespace(host)]) }
        hosts = []
    }

    private func namespace(_ host: String) -> String { "\(prefix)-\(host)" }

    private func run(_ arguments: [String]) throws {
        let run = try ProgramRun.run(TestNetwork.ip, arguments, seconds: 20)
        guard run.status == 0 else {
            throw TestCluster.Failure(what: "ip \(arguments.joined(separator: " ")): \(run.errors)")
        }
    }
}
