package org.hearth.server.box;

import java.util.List;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.store.Table;

/// A box of the wiring: a writer, a server, a reader or a service.
///
/// Its life has four steps, each called once, all by one thread:
///
/// 1. The constructor connects it and starts nothing.
/// 2. [#start]: its logs and all others run; it begins with what it does beside the requests.
/// 3. [#stop]: no request comes any more; it ends what writes to logs. All logs still run.
/// 4. [#close]: all logs have ended; it lets go of what their consumers used.
///
/// The steps 3 and 4 are taken in the reverse order of the boxes, also when step 2 was not, and
/// whatever fails in another box.
///
/// **Thread**: the declarations may be read by any; they do not change.
public interface Box extends AutoCloseable {
  /// The name in the wiring, as the design has it; unique.
  String name();

  /// What it is there for, in two to four words for people: at most 18 characters, as wide as a box
  /// of the picture.
  String purpose();

  /// What it does with logs: [Node.Kind#WRITER], [Node.Kind#SERVER], [Node.Kind#READER] or
  /// [Node.Kind#SERVICE].
  Node.Kind kind();

  /// What it answers over HTTP.
  default List<RouteGroup> routes() {
    return List.of();
  }

  /// The logs that it owns: the input logs whose commands it handles, the other logs that it
  /// writes.
  default List<Log> logs() {
    return List.of();
  }

  /// The logs that it follows.
  default List<Reading<?>> readings() {
    return List.of();
  }

  /// The names of the boxes whose queries it calls.
  default List<String> asks() {
    return List.of();
  }

  /// The names of the boxes that it has change something by a call, without a log between them:
  /// services, mostly, whose answer is part of its own.
  default List<String> commands() {
    return List.of();
  }

  /// The tables that only it writes.
  default List<Table> tables() {
    return List.of();
  }

  /// What it keeps for each account or device, and goes with them.
  default List<AccountCompanion> companions() {
    return List.of();
  }

  /// Begins with what goes on beside the requests.
  default void start() {}

  /// Ends what writes to logs beside the requests.
  ///
  /// @throws InterruptedException if the thread is interrupted while it waits for that end
  default void stop() throws InterruptedException {}

  /// Lets go of what the consumers of its logs used.
  @Override
  default void close() {}
}
