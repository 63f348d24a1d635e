package org.hearth.product;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.hearth.server.command.Main;

/// The server's program, in which a fault can be caused from outside: by the name of one, written
/// into the named pipe that is the first argument.
final class DoomedServer {
  static final String NO_MEMORY = "no memory";
  static final String DEAD_THREAD = "dead thread";

  /// A dead thread, and another that the end of the process waits for in vain.
  static final String HANGING_END = "hanging end";

  private DoomedServer() {}

  /// Runs `hearth` with the other arguments.
  public static void main(String[] arguments) {
    Path pipe = Path.of(arguments[0]);
    Thread.ofPlatform().daemon().name("doom").start(() -> await(pipe));
    Main.main(List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
  }

  private static void await(Path pipe) {
    try {
      // Opening it waits for a writer.
      String fault = Files.readString(pipe);
      switch (fault) {
        case NO_MEMORY -> useUpMemory();
        case DEAD_THREAD -> endTheAcceptor();
        case HANGING_END -> {
          Runtime.getRuntime().addShutdownHook(new Thread(DoomedServer::hang));
          endTheAcceptor();
        }
        default -> throw new IllegalArgumentException(fault);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void useUpMemory() {
    Object[] all = {};
    while (true) {
      all = new Object[] {all, new byte[1 << 20]};
    }
  }

  /// An interrupt closes the socket that the thread waits at.
  private static void endTheAcceptor() {
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("http-accept-"))
        .forEach(Thread::interrupt);
  }

  private static void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
