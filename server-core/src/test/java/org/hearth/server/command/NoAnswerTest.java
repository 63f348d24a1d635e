package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands where something listens that does not answer as a server does.
class NoAnswerTest extends TypedCommands {
  private static void answer(ServerSocket socket) {
    try (Socket asker = socket.accept()) {
      asker.getOutputStream().write("220 mail.test\n".getBytes(StandardCharsets.US_ASCII));
      asker.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "stop", "user list", "backup", "check --database"})
  void isToldInOneSentence(String command) throws Exception {
    configure("");
    try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Files.writeString(folder.resolve("control"), other.getLocalPort() + "\nsecret\n");
      Thread answering = Thread.ofVirtual().start(() -> answer(other));

      int code = hearth(command.split(" "));

      assertThat(code).isEqualTo(1);
      assertThat(said().lines()).hasSize(1);
      assertThat(said()).startsWith("hearth: The server that holds " + folder).endsWith("\n");
      answering.join();
    }
  }

  @Test
  void soIsAnythingElseThatCannotBeReadOrWritten() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();

    int code =
        Commands.failed(new SocketException("Network is unreachable"), new PrintStream(said, true));

    assertThat(code).isEqualTo(1);
    assertThat(said.toString(StandardCharsets.UTF_8))
        .hasLineCount(1)
        .contains("Network is unreachable");
  }

  /// The launcher of a server tries it again until there is room.
  @Test
  void aFullDiskHasACodeOfItsOwn() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();

    int code =
        Commands.failed(
            new FileSystemException("/data/hearth.yaml.new", null, "No space left on device"),
            new PrintStream(said, true));

    assertThat(code).isEqualTo(Commands.NO_ROOM);
    assertThat(said.toString(StandardCharsets.UTF_8))
        .hasLineCount(1)
        .contains("/data/hearth.yaml.new cannot be used: No space left on device.");
  }
}
