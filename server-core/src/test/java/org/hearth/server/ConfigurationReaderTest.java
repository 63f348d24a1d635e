package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationReaderTest {
  private static final Path FILE = Path.of("/etc/hearth/hearth.yaml");

  @Test
  void aServerNameIsEnough() {
    Configuration configuration = ConfigurationReader.parse(FILE, "server-name: example.org\n");

    assertThat(configuration).isEqualTo(Configuration.defaults("example.org"));
    assertThat(configuration.listeners())
        .containsExactly(new Configuration.Listener("127.0.0.1", 8008, Optional.empty()));
    assertThat(configuration.outbound().blockedNetworks()).contains("10.0.0.0/8", "::1/128");
  }

  @Test
  void everyKeyIsRead() {
    String text =
        """
        server-name: example.org:8448
        public-base-url: https://matrix.example.org
        listeners:
          - { bind: 0.0.0.0, port: 8448, tls: { certificate: cert.pem, private-key: /keys/key.pem } }
          - { bind: 127.0.0.1, port: 8008 }
        registration:
          mode: token
          guests: true
          shared-secret: pepper
          recaptcha: { verify-url: "https://captcha.example.org/verify", public-key: a, private-key: b }
        federation:   { mode: allow-list, servers: [one.example.org] }
        outbound:     { blocked-networks: [10.0.0.0/8, "fc00::/7"], trusted-certificates: [ca.pem] }
        room-directory: { without-login: true, over-federation: true }
        rate-limits:  { enabled: false }
        access-token-in-query: false
        url-previews: { enabled: false }
        email:        { smtp-host: mail.example.org, smtp-port: 587, from: hearth@example.org }
        application-services: [ bridge.yaml ]
        """;

    Configuration configuration = ConfigurationReader.parse(FILE, text);

    assertThat(configuration.serverName()).isEqualTo("example.org:8448");
    assertThat(configuration.publicBaseUrl()).contains(URI.create("https://matrix.example.org"));
    assertThat(configuration.listeners())
        .containsExactly(
            new Configuration.Listener(
                "0.0.0.0",
                8448,
                Optional.of(
                    new Configuration.Tls(
                        Path.of("/etc/hearth/cert.pem"), Path.of("/keys/key.pem")))),
            new Configuration.Listener("127.0.0.1", 8008, Optional.empty()));
    assertThat(configuration.registration().mode()).isEqualTo(Configuration.RegistrationMode.TOKEN);
    assertThat(configuration.registration().guests()).isTrue();
    assertThat(configuration.registration().sharedSecret()).contains("pepper");
    assertThat(configuration.registration().recaptcha()).isPresent();
    assertThat(configuration.federation().mode())
        .isEqualTo(Configuration.FederationMode.ALLOW_LIST);
    assertThat(configuration.federation().servers()).containsExactly("one.example.org");
    assertThat(configuration.outbound().blockedNetworks())
        .containsExactly("10.0.0.0/8", "fc00::/7");
    assertThat(configuration.outbound().trustedCertificates())
        .containsExactly(Path.of("/etc/hearth/ca.pem"));
    assertThat(configuration.roomDirectory())
        .isEqualTo(new Configuration.RoomDirectory(true, true));
    assertThat(configuration.rateLimits()).isFalse();
    assertThat(configuration.accessTokenInQuery()).isFalse();
    assertThat(configuration.urlPreviews()).isFalse();
    assertThat(configuration.email())
        .contains(new Configuration.Email("mail.example.org", 587, "hearth@example.org"));
    assertThat(configuration.applicationServices())
        .containsExactly(Path.of("/etc/hearth/bridge.yaml"));
  }

  record Broken(String text, int line, List<String> words) {
    Broken(String text, int line, String... words) {
      this(text, line, List.of(words));
    }

    @Override
    public String toString() {
      return text.replace('\n', '|');
    }
  }

  static Stream<Broken> refused() {
    String name = "server-name: example.org\n";
    return Stream.of(
        new Broken("", 0, "empty", "server-name"),
        new Broken("just a text", 1, "keys with values"),
        new Broken("listeners: []\n", 1, "server-name", "missing"),
        new Broken("server-name: UPPER case\n", 1, "server-name", "a server name such as"),
        new Broken("server-name: [a]\n", 1, "server-name", "a list"),
        new Broken(
            name + "registraton: { mode: open }\n", 2, "registraton", "unknown", "registration"),
        new Broken(
            name + "registration: { mod: open }\n", 2, "registration.mod", "unknown", "mode"),
        new Broken(
            name + "registration:\n  mode: yes\n",
            3,
            "registration.mode",
            "closed, token, open",
            "\"yes\""),
        new Broken(
            name + "registration:\n  guests: maybe\n", 3, "registration.guests", "true or false"),
        new Broken(
            name + "registration: open\n", 2, "registration", "keys with values", "\"open\""),
        new Broken(
            name + "listeners:\n  - { port: 70000 }\n", 3, "listeners[0].port", "0 to 65535"),
        new Broken(
            name + "listeners:\n  - { port: 1 }\n  - { port: x }\n",
            4,
            "listeners[1].port",
            "whole number"),
        new Broken(name + "listeners: 8008\n", 2, "listeners", "a list"),
        new Broken(
            name + "listeners:\n  - { tls: { certificate: a } }\n",
            3,
            "listeners[0].tls.private-key",
            "missing"),
        new Broken(name + "public-base-url: ftp://x\n", 2, "public-base-url", "http or https"),
        new Broken(name + "public-base-url: \"a b\"\n", 2, "public-base-url"),
        new Broken(
            name + "outbound: { blocked-networks: [10.0.0.0/33] }\n",
            2,
            "outbound.blocked-networks",
            "10.0.0.0/8"),
        new Broken(
            name + "outbound: { blocked-networks: [home] }\n", 2, "outbound.blocked-networks"),
        new Broken(
            name + "federation: { mode: sometimes }\n",
            2,
            "federation.mode",
            "off, allow-list, open"),
        new Broken(name + "federation: { servers: [\"a b\"] }\n", 2, "federation.servers"),
        new Broken(name + "rate-limits: false\n", 2, "rate-limits", "keys with values"),
        new Broken(name + "server-name: other.org\n", 2, "server-name", "twice"),
        new Broken(name + "listeners: [\n", 3, "not YAML"),
        new Broken(name + "\tx: 1\n", 2, "not YAML"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWithTheLineTheKeyAndWhatWasExpected(Broken broken) {
    assertThatThrownBy(() -> ConfigurationReader.parse(FILE, broken.text()))
        .isInstanceOf(ConfigurationException.class)
        .satisfies(thrown -> {
          assertThat(thrown).hasMessageContaining(FILE.toString());
          assertThat(thrown.getMessage()).contains(broken.words());
          if (broken.line() > 0) {
            assertThat(thrown).hasMessageContaining("line " + broken.line());
          }
        });
  }

  @Test
  void saysThatAFileIsMissingOrNoText(@TempDir Path folder) throws Exception {
    Path binary = folder.resolve("hearth.yaml");
    Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0});

    assertThatThrownBy(() -> ConfigurationReader.read(folder.resolve("none.yaml")))
        .hasMessageContaining("no configuration at");
    assertThatThrownBy(() -> ConfigurationReader.read(binary)).hasMessageContaining("UTF-8");
  }

  @Test
  void dataFoldersFollowThePlatform() {
    var empty = java.util.Map.<String, String>of();
    Path home = Path.of("/home/me");

    assertThat(DataFolder.ofPlatform(empty, "Linux", home).root())
        .isEqualTo(Path.of("/home/me/.local/share/hearth"));
    assertThat(DataFolder.ofPlatform(java.util.Map.of("XDG_DATA_HOME", "/d"), "Linux", home).root())
        .isEqualTo(Path.of("/d/hearth"));
    assertThat(DataFolder.ofPlatform(empty, "Mac OS X", home).root())
        .isEqualTo(Path.of("/home/me/Library/Application Support/Hearth"));
    assertThat(List.of(DataFolder.ofPlatform(empty, "Windows 11", home).root().toString()))
        .first()
        .asString()
        .endsWith("Hearth");
  }
}
