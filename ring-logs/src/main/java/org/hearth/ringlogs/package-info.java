/// Typed logs over LMAX Disruptor rings. The package knows nothing of what the entries mean, of a
/// database or of a network.
///
/// ```
///                      InputLog<C,R>: commands, volatile until they are answered
///
///  box ► LogWriter ──submit──►  ring 0 ──► thread "name-0" ──► CommandHandler ──┐
///  box ► LogWriter ──submit──►  ring 1 ──► thread "name-1" ──► CommandHandler ──┤ decide, commit
///  box ◄── await ── Reply  ◄─────────────────── complete, from any thread ──────┘
///
///                      OutputLog<E>: what was decided, after it was committed
///
///                                    ┌─► thread "name/A" ──► LogReader A ──┐ after
///  publisher ─publish(position, e)─► ring                                  ▼
///    (one thread, never waits)       └─► thread "name/B" ──► LogReader B (never sees before A)
///                                    ┊         │
///                       OutputStore ◄┄┄┄┄┄┄┄┄┄┄┘ reads what the ring no longer holds:
///                      (a database)              a slow reader, a restart and a rebuild alike
///
///                      VolatileLog<E>: as OutputLog, without a store; positions of this run only
///
///                      LogSet: all of them; starts, stops, releases, and shows them together
///
///  a consumer that throws:  retry ──► park the partition key, entry to DeadLetters; the rest goes on
///  an entry that the store   ──► narrowed until it is alone ──► parked by its position
///  cannot read
///  either, of a reader that  ──► LogReader.onLost: its view is fetched anew, nothing is parked
///  rebuilds
///  a thread that ends by     ──► state FAILED, ConsumerDeath to who watches the LogSet
///  an error
/// ```
///
/// A **log** is named by its [LogSpec]: entry type, capacity, partition key and codec. Entries are
/// immutable, and nothing in one could not be encoded: a log over a network can take the place of a
/// ring without its writers and readers noticing.
///
/// **Positions.** A [LogPosition] is given by whoever commits, not by the log: many logs share one
/// counter, so a log sees increasing positions with holes. Every entry in the ring therefore bears
/// the position of the entry before it, and a reader that finds there a position it has not reached
/// knows that it missed something, and asks the [OutputStore].
///
/// **Threads.**
///
/// | object | who may call |
/// |---|---|
/// | [InputLog#writer], [LogWriter#submit] | any thread; virtual threads wait cheaply |
/// | [CommandHandler] | its shard's thread only |
/// | [Reply] | any thread |
/// | [OutputLog#publish], [VolatileLog#publish] | one thread for the life of the log |
/// | [LogReader] | its own thread only |
/// | `register`, `writtenBy`, `start` | one thread, before anything is published |
/// | `figures`, `release`, `drainAndStop` | any thread |
///
/// **Promises.** A command that was accepted is answered: by its handler, or with an exception that
/// says why not. The commands of one partition key are handled one after the other in the order
/// they were submitted. A reader sees the entries of a log in the order of their positions, each
/// exactly once in a run that does not fail; after a failure it sees again what it had not made
/// durable. A slow reader never makes the publisher wait. No entry is skipped in silence, and no
/// consumer ends because of one: see [FailureHandling]. Idle threads are parked, not polling.
@NullMarked
package org.hearth.ringlogs;

import org.jspecify.annotations.NullMarked;
