/// The load generator: drives any Matrix homeserver's client API by its address, so that servers
/// can be compared in one run on one machine.
///
/// ```
///   LoadGenerator --registers, makes rooms--> server
///        |--- one sender a user  (flat out, or at a rate) --PUT send-->  server
///        +--- one follower a user --GET sync, long poll--> server --events--> delivery times
/// ```
///
/// **threads**: one virtual thread a sender and one a follower, each with a connection of its own.
@NullMarked
package org.hearth.bench.load;

import org.jspecify.annotations.NullMarked;
