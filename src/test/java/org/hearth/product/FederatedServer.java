package org.hearth.product;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/// A server among others, in a process of its own.
interface FederatedServer {
  /// Its name.
  String name();

  /// Where its users' apps reach it.
  URI address();

  /// Ends it, without a word to anybody.
  void kill() throws InterruptedException;

  /// Starts it again on the same data and the same ports, and waits until it serves.
  void restart() throws IOException, InterruptedException;

  /// Ends it in order, if it still runs.
  void close() throws InterruptedException;

  /// A Hearth of this build.
  record Hearth(String name, HearthProcess process) implements FederatedServer, AutoCloseable {
    static Hearth start(Path folder, FederatedAddress where) throws IOException {
      Files.createDirectories(folder);
      return new Hearth(where.name(), HearthProcess.startFederated(folder.resolve("data"), where));
    }

    @Override
    public URI address() {
      return process.address();
    }

    @Override
    public void kill() {
      process.kill();
    }

    @Override
    public void restart() throws IOException {
      process.restart();
    }

    @Override
    public void close() {
      process.close();
    }
  }
}
