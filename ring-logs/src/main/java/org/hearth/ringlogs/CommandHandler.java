package org.hearth.ringlogs;

/// Handles the commands of one shard of an [InputLog].
///
/// **Thread**: the shard's thread only, so a handler's own memory needs no locks. It must not wait
/// for another component.
///
/// **Errors**: what a writer did wrong is an answer: `reply.fail(...)` or a refusing `R`. A thrown
/// exception means a defect: the command is handled once more, and if it throws again its partition
/// key is parked ([FailureHandling]). So a handler that throws has changed nothing yet, or nothing
/// that a second run would do twice. A command whose reply was already given when its handler threw
/// is not run again; its key is parked.
///
/// @param <C> the commands
/// @param <R> the answers
@FunctionalInterface
public interface CommandHandler<C, R> {
  /// Handles one command. The reply may be given here or later, from any thread, but must be given.
  void handle(C command, Reply<R> reply) throws Exception;

  /// Called when no further command is ready, and at the latest after 256 commands: the place to
  /// hand over together what was gathered. If it throws, it is called once more; if it throws
  /// again, the commands of this batch that have no answer yet fail with that exception.
  default void endOfBatch() throws Exception {}
}
