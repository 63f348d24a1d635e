package org.hearth.product;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// What the processes in which tests run do one after the other, such as fetching a program.
final class Alone {
  private Alone() {}

  /// What is done.
  interface Work {
    void run() throws IOException, InterruptedException;
  }

  /// Does it while no other process does what has this name.
  static void run(String name, Work work) throws IOException, InterruptedException {
    Path target = Files.createDirectories(Path.of("target").toAbsolutePath());
    try (FileChannel file =
            FileChannel.open(
                target.resolve(name + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        var _ = file.lock()) {
      work.run();
    }
  }
}
