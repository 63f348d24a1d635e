package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenerPortTest {
  @TempDir Path folder;

  @Test
  void aConfigurationWithoutListenersGetsOne() throws IOException {
    DataFolder data = configured("server-name: home.example\n");

    ListenerPort.change(data, 8008, 8009);

    assertThat(ConfigurationReader.read(data.configuration()).listeners())
        .singleElement()
        .satisfies(listener -> assertThat(listener.port()).isEqualTo(8009));
  }

  @Test
  void onlyThePortThatIsMeantIsChanged() throws IOException {
    DataFolder data =
        configured(
            """
            server-name: home.example
            # port: 8448 was the first choice
            listeners:
              - { bind: 127.0.0.1, port: 8448 }
              - { bind: 127.0.0.1, port: 8008 }
            """);

    ListenerPort.change(data, 8448, 8449);

    assertThat(Files.readString(data.configuration()))
        .contains("# port: 8448 was", "port: 8449 }", "port: 8008 }");
  }

  @Test
  void aPortThatIsNotThereLeavesTheFileAsItIs() throws IOException {
    String before = "server-name: home.example\nlisteners: [ { bind: 127.0.0.1, port: 8008 } ]\n";
    DataFolder data = configured(before);

    assertThatThrownBy(() -> ListenerPort.change(data, 9000, 9001))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("9000");
    assertThat(Files.readString(data.configuration())).isEqualTo(before);
  }

  @Test
  void theNextFreePortIsNotOneInUse() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      assertThat(ListenerPort.freeAfter(taken.getLocalPort() - 1).orElseThrow())
          .isGreaterThan(taken.getLocalPort());
    }
  }

  private DataFolder configured(String text) throws IOException {
    DataFolder data = new DataFolder(folder);
    Files.writeString(data.configuration(), text);
    return data;
  }
}
