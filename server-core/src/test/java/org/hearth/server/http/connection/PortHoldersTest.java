package org.hearth.server.http.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Which process has a port.
@EnabledOnOs(OS.LINUX)
class PortHoldersTest {
  /// Listens on a port until its input ends.
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        System.out.println(socket.getLocalPort());
        var _ = System.in.read();
      }
    }
  }

  /// More than a page, as that of `./hearth` is: Java tells no command line then.
  @Test
  @Tag("long")
  void aHearthWithALongClassPathIsToldByItsName() throws Exception {
    String classPath =
        "/nowhere/x.jar".concat(File.pathSeparator).repeat(600)
            + System.getProperty("java.class.path");
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Holder.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = holder.inputReader()) {
      int port = Integer.parseInt(Objects.requireNonNull(out.readLine()));

      assertThat(PortHolders.of(port))
          .contains(new PortInUseException.Holder(holder.pid(), "another Hearth"));
    } finally {
      holder.getOutputStream().close();
      var _ = holder.waitFor();
    }
  }
}
