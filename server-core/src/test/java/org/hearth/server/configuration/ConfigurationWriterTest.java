package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationWriterTest {
  private static final String NAME = "server-name: home.example\n";

  @TempDir Path folder;

  /// A file, and what becomes of it when its listeners are opened to others.
  record Opened(String before, String after) {}

  static Stream<Opened> listenersAreOpenedToOthersAndNothingElseIsChanged() {
    return Stream.of(
        new Opened("", "listeners: [ { bind: 0.0.0.0, port: 8008 } ]\n"),
        new Opened(
            "# bind: 127.0.0.1 is enough\nlisteners: [ { bind: 127.0.0.1, port: 8008 } ] # ä €\n",
            "# bind: 127.0.0.1 is enough\nlisteners: [ { bind: 0.0.0.0, port: 8008 } ] # ä €\n"),
        new Opened("listeners: [ { port: 0 } ]\n", "listeners: [ { bind: 0.0.0.0, port: 0 } ]\n"),
        new Opened("listeners: [ {} ]\n", "listeners: [ { bind: 0.0.0.0 } ]\n"),
        new Opened(
            """
            support: { page: "https://example.org/\uD83C\uDFE0" }
            listeners:
              - port: 8008   # plain
              - bind: "::1"
                port: 8009
              - bind: 192.168.1.20
                port: 8010
            presence: { enabled: false }
            """,
            """
            support: { page: "https://example.org/\uD83C\uDFE0" }
            listeners:
              - bind: 0.0.0.0
                port: 8008   # plain
              - bind: 0.0.0.0
                port: 8009
              - bind: 192.168.1.20
                port: 8010
            presence: { enabled: false }
            """));
  }

  @ParameterizedTest
  @MethodSource
  void listenersAreOpenedToOthersAndNothingElseIsChanged(Opened each) throws IOException {
    DataFolder data = configured(NAME + each.before());

    ConfigurationWriter.openListeners(data, true);

    assertThat(Files.readString(data.configuration())).isEqualTo(NAME + each.after());
    assertThat(ConfigurationReader.read(data.configuration()).isOpenToOthers()).isTrue();
  }

  static Stream<Opened> anAddressWithHttpsIsAddedBesideTheOthers() {
    String added = "port: 8443, tls: { home-authority: true } }";
    return Stream.of(
        new Opened(
            "",
            "listeners: [ { bind: 127.0.0.1, port: 8008 }, { bind: 127.0.0.1, " + added + " ]\n"),
        new Opened(
            "listeners: [ { bind: \"::\", port: 1 } ] # x\n",
            "listeners: [ { bind: \"::\", port: 1 }, { bind: \"::\", " + added + " ] # x\n"),
        new Opened(
            "listeners:\n  - bind: 0.0.0.0\n    port: 1\n  # end\npresence: { enabled: false }\n",
            "listeners:\n  - { bind: 0.0.0.0, "
                + added
                + "\n  - bind: 0.0.0.0\n    port: 1\n  # end\npresence: { enabled: false }\n"));
  }

  @ParameterizedTest
  @MethodSource
  void anAddressWithHttpsIsAddedBesideTheOthers(Opened each) throws IOException {
    DataFolder data = configured(NAME + each.before());

    ConfigurationWriter.addHttps(data);

    assertThat(Files.readString(data.configuration())).isEqualTo(NAME + each.after());
    assertThat(ConfigurationReader.read(data.configuration()).hasHomeAuthority()).isTrue();
    // There is one now.
    assertThatThrownBy(() -> ConfigurationWriter.addHttps(data))
        .isInstanceOf(ConfigurationException.class);
    assertThat(Files.readString(data.configuration())).isEqualTo(NAME + each.after());
  }

  @Test
  void listenersAreClosedToThisComputer() throws IOException {
    DataFolder data =
        configured(
            NAME
                + "listeners:\n  - { bind: 0.0.0.0, port: 8008 }\n  - { bind: '::', port: 8009 }\n  - { bind: localhost, port: 8010 }\n");

    ConfigurationWriter.openListeners(data, false);

    assertThat(Files.readString(data.configuration()))
        .isEqualTo(
            NAME
                + "listeners:\n  - { bind: 127.0.0.1, port: 8008 }\n  - { bind: 127.0.0.1, port: 8009 }\n  - { bind: localhost, port: 8010 }\n");
    assertThat(ConfigurationReader.read(data.configuration()).isOpenToOthers()).isFalse();
  }

  @Test
  void twoListenersThatWouldBecomeOneLeaveTheFileAsItIs() throws IOException {
    String before =
        NAME + "listeners: [ { bind: 127.0.0.1, port: 8008 }, { bind: 127.0.0.2, port: 8008 } ]\n";
    DataFolder data = configured(before);

    assertThatThrownBy(() -> ConfigurationWriter.openListeners(data, true))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            "only its author can change: leave one listener to each port, with “bind: 0.0.0.0”")
        .hasMessageContaining("no other listener has on 0.0.0.0");
    assertThat(Files.readString(data.configuration())).isEqualTo(before);
  }

  @Test
  void whoHasATokenMayMakeAnAccount() throws IOException {
    for (String before :
        new String[] {
          "", "registration: { guests: true }\n", "registration:\n  mode: closed # so far\n"
        }) {
      DataFolder data = configured(NAME + before);

      ConfigurationWriter.registerByToken(data);

      Configuration after = ConfigurationReader.read(data.configuration());
      assertThat(after.registration().mode()).isEqualTo(Configuration.RegistrationMode.TOKEN);
      assertThat(after.registration().guests()).isEqualTo(before.contains("guests"));
    }
    assertThat(Files.readString(folder.resolve("hearth.yaml"))).contains("mode: token # so far");
  }

  @Test
  void aSettingWithoutAValueIsLeftToItsAuthor() throws IOException {
    String before = NAME + "registration:\n";
    DataFolder data = configured(before);

    assertThatThrownBy(() -> ConfigurationWriter.registerByToken(data))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("set “registration.mode” to “token” with a text editor")
        .hasMessageContaining("twice");
    assertThat(Files.readString(data.configuration())).isEqualTo(before);
  }

  private DataFolder configured(String text) throws IOException {
    DataFolder data = new DataFolder(folder);
    Files.writeString(data.configuration(), text);
    return data;
  }
}
