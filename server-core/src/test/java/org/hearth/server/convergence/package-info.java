/// Whether servers agree in the end that talk over a bad network.
///
/// ```
///  ConvergenceTest ── seed ──► Schedule ── users' requests ──► Fleet of SimulatedServers
///                                 │                               ▲ │
///                                 ├── time that passes ─► SimulatedTime (clocks, alarms)
///                                 └── fates, partitions ► SimulatedNetwork ◄── their own requests
///                  Agreement ◄── when nothing waits any more
/// ```
///
/// The servers are real, with databases in temporary folders; between them is TLS on loopback that
/// ends in the network, which hands a request to its server, or does not.
@NullMarked
package org.hearth.server.convergence;

import org.jspecify.annotations.NullMarked;
