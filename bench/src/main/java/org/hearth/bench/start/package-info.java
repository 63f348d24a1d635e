/// How long a server takes from the start of its launcher to its first answer, and what it costs
/// while nothing happens.
///
/// ```
///   StartTimes --starts, asks /versions until 200--> ./hearth, hearth-headless (Launched)
///        +--- 20 clients that wait in a long poll (WaitingClients) --> processor time, memory
///   ManyEvents --registers, makes rooms over HTTP--> Launched, then --commands--> Room Server, store
/// ```
///
/// **threads**: the main one, and a virtual thread a waiting client or a writing room.
@NullMarked
package org.hearth.bench.start;

import org.jspecify.annotations.NullMarked;
