package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
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
  void aListenerIsCertifiedByFilesOrByTheServersOwnAuthority() {
    assertThat(
            ConfigurationReader.parse(
                    FILE,
                    "server-name: a.test\nlisteners: [ { port: 8443, tls: { home-authority: true } } ]")
                .hasHomeAuthority())
        .isTrue();
    assertThatThrownBy(() ->
            ConfigurationReader.parse(
                FILE,
                "server-name: a.test\nlisteners: [ { tls: { home-authority: true, certificate: c.pem } } ]"))
        .hasMessageContaining("certificate");
    assertThatThrownBy(() ->
            ConfigurationReader.parse(
                FILE, "server-name: a.test\nlisteners: [ { tls: { home-authority: false } } ]"))
        .hasMessageContaining("certificate");
  }

  @Test
  void aServerNameIsEnough() {
    Configuration configuration = ConfigurationReader.parse(FILE, "server-name: example.org\n");

    assertThat(configuration)
        .usingRecursiveComparison()
        .ignoringFields("file")
        .isEqualTo(Configuration.defaults("example.org"));
    assertThat(configuration.file()).contains(FILE);
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
        federation:   { mode: allow-list, servers: [one.example.org], blocked: ["*.example.net", "[::?]"], presence: true }
        outbound:     { blocked-networks: [10.0.0.0/8, "fc00::/7"], allowed-hosts: [ntfy.home, 192.168.1.5], trusted-certificates: [ca.pem] }
        room-directory: { without-login: true, over-federation: true }
        presence:     { enabled: false }
        rate-limits:  { enabled: false }
        http: { trusted-proxies: [127.0.0.1, "fd00::1"] }
        access-token-in-query: true
        url-previews: { enabled: true }
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
                    new Configuration.Tls.FromFiles(
                        Path.of("/etc/hearth/cert.pem"), Path.of("/keys/key.pem")))),
            new Configuration.Listener("127.0.0.1", 8008, Optional.empty()));
    assertThat(configuration.registration().mode()).isEqualTo(Configuration.RegistrationMode.TOKEN);
    assertThat(configuration.registration().guests()).isTrue();
    assertThat(configuration.registration().sharedSecret()).contains("pepper");
    assertThat(configuration.registration().recaptcha()).isPresent();
    assertThat(configuration.federation().mode())
        .isEqualTo(Configuration.FederationMode.ALLOW_LIST);
    assertThat(configuration.federation().servers()).containsExactly("one.example.org");
    assertThat(configuration.federation().blocked()).containsExactly("*.example.net", "[::?]");
    assertThat(configuration.federation().presence()).isTrue();
    assertThat(configuration.outbound().blockedNetworks())
        .containsExactly("10.0.0.0/8", "fc00::/7");
    assertThat(configuration.outbound().allowedHosts()).containsExactly("ntfy.home", "192.168.1.5");
    assertThat(configuration.outbound().trustedCertificates())
        .containsExactly(Path.of("/etc/hearth/ca.pem"));
    assertThat(configuration.roomDirectory())
        .isEqualTo(new Configuration.RoomDirectory(true, true));
    assertThat(configuration.presence()).isFalse();
    assertThat(configuration.rateLimits()).isFalse();
    assertThat(configuration.http().trustedProxies())
        .containsExactly(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("fd00::1"));
    assertThat(configuration.accessTokenInQuery()).isTrue();
    assertThat(configuration.urlPreviews()).isTrue();
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
      return text.substring(0, Math.min(text.length(), 100)).replace('\n', '|');
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
            name + "support: { contacts: [ { role: admin } ] }\n",
            2,
            "support.contacts[0].matrix-id",
            "email"),
        new Broken(
            name + "support: { contacts: [ { role: chief, email: a@b } ] }\n", 2, "role", "admin"),
        new Broken(name + "support: { contacts: [ { email: nobody } ] }\n", 2, "email"),
        new Broken(name + "support: { contacts: [ { matrix-id: admin } ] }\n", 2, "@admin"),
        new Broken(name + "support: { page: nowhere }\n", 2, "support.page"),
        new Broken(name + "turn: {}\n", 2, "turn.uris", "at least one address"),
        new Broken(name + "turn: { uris: [ turn.test ] }\n", 2, "turn.uris", "turn:"),
        new Broken(name + "turn: { uris: [ 'turn:a b' ] }\n", 2, "turn.uris"),
        new Broken(
            name + "turn: { uris: [ 'turn:a' ], username: u }\n", 2, "turn.password", "not there"),
        new Broken(
            name + "turn: { uris: [ 'turn:a' ], shared-secret: s, username: u, password: p }\n",
            2,
            "turn.shared-secret",
            "username"),
        new Broken(
            name + "turn: { uris: [ 'turn:a' ], lifetime-seconds: 1 }\n",
            2,
            "turn.lifetime-seconds",
            "60"),
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
        new Broken(
            name + "federation: { blocked: [\"bad.example:8448\"] }\n", 2, "federation.blocked"),
        new Broken(name + "federation: { blocked: [\"\"] }\n", 2, "federation.blocked"),
        new Broken(name + "rate-limits: false\n", 2, "rate-limits", "keys with values"),
        new Broken(name + "server-name: other.org\n", 2, "server-name", "twice"),
        new Broken(name + "listeners: [\n", 3, "not YAML"),
        new Broken(name + "\tx: 1\n", 2, "not YAML"),
        new Broken("- a\n", 1, "keys with values", "a list"),
        new Broken("server-name:\n", 1, "server-name", "missing"),
        new Broken("server-name: ''\n", 1, "server-name", "a server name such as"),
        new Broken(name + "---\n" + name, 2, "another document"),
        new Broken(name + "? [a]\n: b\n", 2, "a plain key", "a list"),
        new Broken(name + "x: \"abc\n", 3, "not YAML"),
        new Broken(name + "a: *b\n", 2, "not YAML", "b"),
        new Broken(name + "x: \u0000\n", 2, "not YAML", "a control character"),
        new Broken(name + "\"\\xq\": 1\n", 2, "not YAML", "hexadecimal"),
        new Broken("%YAML 3.0\n---\n" + name, 1, "YAML 1.2"),
        new Broken(name + "listeners: " + "[".repeat(100_000), 2, "nested deeper"),
        new Broken(name + "listeners: []\n", 2, "listeners", "at least one listener"),
        new Broken(name + "listeners: [8008]\n", 2, "listeners[0]", "keys with values", "8008"),
        new Broken(
            name + "listeners:\n  - { bind: not an address }\n",
            3,
            "listeners[0].bind",
            "an address such as 127.0.0.1"),
        new Broken(
            name + "listeners:\n  - { bind: 300.1.1.1 }\n",
            3,
            "listeners[0].bind",
            "an address such as 127.0.0.1"),
        new Broken(
            name + "listeners:\n  - { bind: 1.2.3 }\n", 3, "listeners[0].bind", "four numbers"),
        new Broken(
            name + "listeners:\n  - { bind: \"::g\" }\n",
            3,
            "listeners[0].bind",
            "an address such as 127.0.0.1"),
        new Broken(
            name + "listeners:\n  - { port: 8008 }\n  - { port: 8008 }\n",
            4,
            "listeners[1].port",
            "no other listener",
            "8008"),
        new Broken(
            name + "listeners:\n  - { }\n  - { }\n", 4, "listeners[1].port", "no other listener"),
        new Broken(
            name + "listeners:\n  - { port: -1 }\n", 3, "listeners[0].port", "0 to 65535", "-1"),
        new Broken(
            name + "listeners:\n  - { port: 80.5 }\n", 3, "listeners[0].port", "whole number"),
        new Broken(
            name + "listeners:\n  - { port: 1, prt: 2 }\n",
            3,
            "listeners[0].prt",
            "unknown",
            "bind, port, tls"),
        new Broken(
            name + "listeners:\n  - tls: cert.pem\n", 3, "listeners[0].tls", "keys with values"),
        new Broken(
            name + "listeners:\n  - tls: { private-key: a }\n",
            3,
            "listeners[0].tls.certificate",
            "missing"),
        new Broken(
            name + "listeners:\n  - tls: { certificate: '', private-key: a }\n",
            3,
            "listeners[0].tls.certificate",
            "not empty"),
        new Broken(
            name + "registration:\n  shared-secret: ''\n",
            3,
            "registration.shared-secret",
            "not empty"),
        new Broken(
            name + "registration:\n  shared-secret: [a]\n",
            3,
            "registration.shared-secret",
            "a text",
            "a list"),
        new Broken(
            name + "registration:\n  mode: open\n  mode: open\n", 4, "registration.mode", "twice"),
        new Broken(
            name + "registration:\n  recaptcha: {}\n",
            3,
            "registration.recaptcha.verify-url",
            "missing"),
        new Broken(
            name
                + "registration:\n"
                + "  recaptcha: { verify-url: host/x, public-key: a, private-key: b }\n",
            3,
            "registration.recaptcha.verify-url",
            "an http or https address"),
        new Broken(
            name + "registration:\n  mode: open\n  recaptcha:\n    # verify-url: x\n",
            4,
            "registration.recaptcha",
            "keys with values, or not there"),
        new Broken(name + "federation: []\n", 2, "federation", "keys with values", "a list"),
        new Broken(
            name + "federation: { servers: one }\n",
            2,
            "federation.servers",
            "a list of server names"),
        new Broken(
            name + "outbound: { blocked-networks: 10.0.0.0/8 }\n",
            2,
            "outbound.blocked-networks",
            "a list of networks"),
        new Broken(
            name + "outbound: { blocked-networks: [10.0.0.0/x] }\n",
            2,
            "outbound.blocked-networks",
            "10.0.0.0/8"),
        new Broken(
            name + "outbound: { blocked-networks: [10.0.0.999/8] }\n",
            2,
            "outbound.blocked-networks",
            "10.0.0.0/8"),
        new Broken(
            name + "outbound: { blocked-networks: [\":::::/8\"] }\n",
            2,
            "outbound.blocked-networks",
            "10.0.0.0/8"),
        new Broken(
            name + "outbound: { allowed-hosts: [\"https://ntfy.home\"] }\n",
            2,
            "outbound.allowed-hosts",
            "push.example.org"),
        new Broken(
            name + "outbound: { trusted-certificates: [[a]] }\n",
            2,
            "outbound.trusted-certificates",
            "file names"),
        new Broken(
            name + "room-directory: { without-login: yes }\n",
            2,
            "room-directory.without-login",
            "true or false"),
        new Broken(
            name + "rate-limits: { enabled: 1 }\n", 2, "rate-limits.enabled", "true or false"),
        new Broken(
            name + "http: { trusted-proxies: [ proxy.example.org ] }\n",
            2,
            "http.trusted-proxies",
            "addresses such as 127.0.0.1"),
        new Broken(
            name + "access-token-in-query: maybe\n", 2, "access-token-in-query", "true or false"),
        new Broken(name + "url-previews: []\n", 2, "url-previews", "keys with values"),
        new Broken(name + "email: {}\n", 2, "email.smtp-host", "missing"),
        new Broken(
            name + "email: { smtp-host: a, smtp-port: 0, from: x }\n",
            2,
            "email.smtp-port",
            "1 to 65535"),
        new Broken(name + "email: { smtp-host: a }\n", 2, "email.from", "missing"),
        new Broken(
            name + "application-services: bridge.yaml\n",
            2,
            "application-services",
            "a list of file names"),
        new Broken(
            name + "application-services: [{ a: b }]\n",
            2,
            "application-services",
            "file names",
            "keys with values"),
        new Broken(name + "public-base-url: https://\n", 2, "public-base-url", "http or https"));
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
    assertThat(DataFolder.ofPlatform(java.util.Map.of("HOME", "/h"), "Linux", home).root())
        .isEqualTo(Path.of("/h/.local/share/hearth"));
    assertThat(DataFolder.ofPlatform(empty, "Mac OS X", home).root())
        .isEqualTo(Path.of("/home/me/Library/Application Support/Hearth"));
    assertThat(List.of(DataFolder.ofPlatform(empty, "Windows 11", home).root().toString()))
        .first()
        .asString()
        .endsWith("Hearth");
  }

  @Test
  void capitalsInTheNameAreWarnedOf() {
    Configuration configuration = ConfigurationReader.parse(FILE, "server-name: Example.org\n");

    assertThat(configuration.serverName()).isEqualTo("Example.org");
    assertThat(configuration.warnings())
        .singleElement()
        .asString()
        .contains("Example.org has capitals");
  }

  @Test
  void settingsThatNothingUsesYetAreNamedIfTheFileHasThem() {
    Configuration configuration =
        ConfigurationReader.parse(
            FILE,
            """
            server-name: example.org
            federation: { mode: open }
            email: { smtp-host: localhost, from: hearth@example.org }
            application-services: [ bridge.yaml ]
            backups:
            """);

    assertThat(configuration.unused()).containsExactly("email", "application-services");
    assertThat(configuration.warnings())
        .containsExactly(
            "The settings email and application-services have no effect yet: this version of Hearth"
                + " does not have the parts that use them.");
    assertThat(
            ConfigurationReader.parse(
                    FILE, "server-name: example.org\napplication-services: [ bridge.yaml ]\n")
                .warnings())
        .containsExactly(
            "The setting application-services has no effect yet: this version of Hearth does not"
                + " have the part that uses it.");
  }

  @Test
  void aHumanTestIsRequiredUnlessTheFileSaysOtherwise() {
    Configuration required = withRecaptcha("");
    Configuration offered = withRecaptcha(", required: false");

    assertThat(required.registration().recaptcha().map(Configuration.Recaptcha::required))
        .contains(true);
    assertThat(offered.registration().recaptcha().map(Configuration.Recaptcha::required))
        .contains(false);
    assertThat(required.warnings()).isEmpty();
    assertThat(offered.warnings()).isEmpty();
  }

  private static Configuration withRecaptcha(String more) {
    return ConfigurationReader.parse(
        FILE,
        """
        server-name: example.org
        registration:
          mode: open
          recaptcha: { verify-url: "https://captcha.example.org", public-key: a, private-key: b%s }
        """
            .formatted(more));
  }
}
