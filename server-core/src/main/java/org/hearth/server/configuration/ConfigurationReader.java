package org.hearth.server.configuration;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlVersionException;
import org.snakeyaml.engine.v2.nodes.Node;

/// Reads `hearth.yaml`. Unknown keys and bad values are refused with the line, the key and what was
/// expected: a setting that is silently ignored is worse than a server that does not start.
///
/// Relative paths in the file are relative to the folder that it lies in.
public final class ConfigurationReader {
  private static final String WEB_ADDRESS = "an http or https address";

  private static final long MOST_BYTES = 1L << 20;
  private static final int DEEPEST = 20;
  private static final int LEAST_TURN_SECONDS = 60;
  private static final int MOST_TURN_SECONDS = 30 * 86_400;

  /// Keys whose part of Hearth does not exist yet. Who builds the part removes the key here.
  static final List<String> NOT_USED_YET = List.of("email", "application-services");

  private final Path file;
  private final Path folder;

  private ConfigurationReader(Path file) {
    this.file = file.toAbsolutePath().normalize();
    Path parent = file.toAbsolutePath().getParent();
    this.folder = parent == null ? file.toAbsolutePath() : parent;
  }

  /// Reads a file.
  ///
  /// @param file a YAML file in UTF-8
  /// @return the configuration, with defaults for what the file does not say
  /// @throws ConfigurationException if the file cannot be read or says something wrong
  public static Configuration read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new ConfigurationException(file + " is larger than a configuration can be (1 MiB)");
      }
      return parse(file, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("There is no configuration at " + file, e);
    } catch (AccessDeniedException e) {
      throw DataFolder.mayNotRead(file.toString(), e);
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(file + " is not UTF-8 text", e);
    } catch (IOException e) {
      throw new ConfigurationException("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /// Reads a text.
  ///
  /// @param file the file's name, for messages and relative paths
  /// @param text YAML
  /// @return the configuration, with defaults for what the text does not say
  /// @throws ConfigurationException if the text says something wrong
  public static Configuration parse(Path file, String text) {
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(file.toString()).setAllowNonScalarKeys(true).build();
      checkDepth(file, new Parse(settings).parseString(text));
      Optional<Node> root = new Compose(settings).composeString(text);
      if (root.isEmpty()) {
        throw new ConfigurationException(
            file + " is empty; expected at least \"server-name: example.org\"");
      }
      return configuration(file, new YamlSection(file, "", root.get()));
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      throw new ConfigurationException(
          "%s, line %d: this is not YAML: %s".formatted(file, line, e.getProblem()), e);
    } catch (ReaderException e) {
      long line = text.substring(0, firstControl(text)).lines().count();
      throw new ConfigurationException(
          "%s, line %d: this is not YAML: there is a control character"
              .formatted(file, Math.max(1, line)),
          e);
    } catch (YamlVersionException e) {
      throw new ConfigurationException(
          file + ", line 1: this is YAML of another version; expected YAML 1.2", e);
    } catch (YamlEngineException e) {
      throw new ConfigurationException(file + " is not YAML: " + e.getMessage(), e);
    }
  }

  /// Composing goes down by recursion; no setting is deeper than a few levels.
  private static void checkDepth(Path file, Iterable<Event> events) {
    int depth = 0;
    for (Event event : events) {
      depth +=
          switch (event.getEventId()) {
            case MappingStart, SequenceStart -> 1;
            case MappingEnd, SequenceEnd -> -1;
            default -> 0;
          };
      if (depth > DEEPEST) {
        throw new ConfigurationException(
            "%s, line %d: this is nested deeper than any setting"
                .formatted(file, event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1)));
      }
    }
  }

  private static int firstControl(String text) {
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      if (Character.isISOControl(each) && each != '\n' && each != '\r' && each != '\t') {
        return i;
      }
    }
    return text.length();
  }

  /// Reads the mapping that is the whole file.
  static Configuration configuration(Path file, YamlSection root) {
    return new ConfigurationReader(file).configuration(root);
  }

  private Configuration configuration(YamlSection root) {
    Set<String> sockets = new HashSet<>();
    String expectedName = "a server name such as example.org or localhost:8448";
    Configuration defaults =
        Configuration.defaults(
            root.parsed("server-name", expectedName, ConfigurationReader::serverName)
                .orElseGet(() -> root.requiredString("server-name")));
    if (root.isEmptyList("listeners")) {
      throw root.wrong("listeners", "a list of at least one listener");
    }
    Configuration result =
        new Configuration(
            defaults.serverName(),
            root.parsed("public-base-url", WEB_ADDRESS, this::webAddress),
            root.section("support", this::support).orElse(defaults.support()),
            root.sections("listeners", section -> listener(section, sockets))
                .orElse(defaults.listeners()),
            root.section("http", this::http).orElse(defaults.http()),
            root.section("registration", this::registration).orElse(defaults.registration()),
            root.section("federation", this::federation).orElse(defaults.federation()),
            root.section("outbound", this::outbound).orElse(defaults.outbound()),
            root.section("rooms", this::rooms).orElse(defaults.rooms()),
            root.section("room-directory", this::roomDirectory).orElse(defaults.roomDirectory()),
            root.section("presence", this::enabled).orElse(defaults.presence()),
            root.section("rate-limits", this::enabled).orElse(defaults.rateLimits()),
            root.bool("access-token-in-query", defaults.accessTokenInQuery()),
            root.section("url-previews", this::enabled).orElse(defaults.urlPreviews()),
            root.section("turn", this::turn),
            root.section("email", this::email),
            root.list("application-services", "file names", List.of(), folder::resolve),
            root.section("backups", this::backups).orElse(defaults.backups()),
            root.section("media", MediaSection::read).orElse(defaults.media()),
            NOT_USED_YET.stream().filter(root::sets).toList(),
            Optional.of(file));
    root.refuseUnknownKeys();
    return result;
  }

  private Configuration.Support support(YamlSection section) {
    return new Configuration.Support(
        section.parsed("page", WEB_ADDRESS, this::webAddress),
        section.sections("contacts", this::contact).orElse(List.of()));
  }

  private Configuration.Contact contact(YamlSection section) {
    Configuration.Contact contact =
        new Configuration.Contact(
            choice(section, "role", Configuration.Role.class).orElse(Configuration.Role.ADMIN),
            section.parsed(
                "matrix-id", "a user such as @admin:example.org", ConfigurationReader::userId),
            section.parsed(
                "email", "an address such as admin@example.org", ConfigurationReader::mailAddress));
    if (contact.matrixId().isEmpty() && contact.email().isEmpty()) {
      throw section.wrong("matrix-id", "there, or \"email\"");
    }
    return contact;
  }

  /// @param sockets of the listeners before this one
  private Configuration.Listener listener(YamlSection section, Set<String> sockets) {
    String bind =
        section
            .parsed(
                "bind", "an address such as 127.0.0.1 or 0.0.0.0", ConfigurationReader::bindable)
            .orElse("127.0.0.1");
    int port = section.integer("port", 0, 65535).orElse(Configuration.DEFAULT_PORT);
    if (port != 0 && !sockets.add(bind + " " + port)) {
      throw section.wrong("port", "one that no other listener has on " + bind);
    }
    return new Configuration.Listener(bind, port, section.section("tls", this::tls));
  }

  private Configuration.Tls tls(YamlSection section) {
    return section.bool("home-authority", false)
        ? new Configuration.Tls.ByHomeAuthority()
        : new Configuration.Tls.FromFiles(
            folder.resolve(section.requiredString("certificate")),
            folder.resolve(section.requiredString("private-key")));
  }

  private Configuration.Http http(YamlSection section) {
    return new Configuration.Http(
        section.list(
            "trusted-proxies", "addresses such as 127.0.0.1", List.of(), InetAddress::ofLiteral));
  }

  private Configuration.Registration registration(YamlSection section) {
    // Taken for "no test", it would leave open what its owner meant to close.
    if (section.isBare("recaptcha")) {
      throw section.wrong("recaptcha", "keys with values, or not there");
    }
    return new Configuration.Registration(
        choice(section, "mode", Configuration.RegistrationMode.class)
            .orElse(Configuration.RegistrationMode.CLOSED),
        section.bool("guests", false),
        section.string("shared-secret"),
        section.section(
            "recaptcha",
            recaptcha ->
                new Configuration.Recaptcha(
                    recaptcha.requiredParsed("verify-url", WEB_ADDRESS, this::webAddress),
                    recaptcha.requiredString("public-key"),
                    recaptcha.requiredString("private-key"),
                    recaptcha.bool("required", true))));
  }

  private Configuration.Federation federation(YamlSection section) {
    return new Configuration.Federation(
        choice(section, "mode", Configuration.FederationMode.class)
            .orElse(Configuration.FederationMode.OPEN),
        section.list("servers", "server names", List.of(), ConfigurationReader::serverName),
        section.list(
            "blocked",
            "names such as bad.example.org or *.example.org",
            List.of(),
            ConfigurationReader::serverPattern),
        section.list("key-notaries", "server names", List.of(), ConfigurationReader::serverName),
        section.bool("presence", false));
  }

  private Configuration.Outbound outbound(YamlSection section) {
    return new Configuration.Outbound(
        section.list(
            "blocked-networks",
            "networks such as 10.0.0.0/8",
            Configuration.Outbound.PRIVATE_NETWORKS,
            ConfigurationReader::network),
        section.list(
            "allowed-hosts",
            "hosts such as push.example.org",
            List.of(),
            ConfigurationReader::bindable),
        section.list("trusted-certificates", "file names", List.of(), folder::resolve));
  }

  private Configuration.Rooms rooms(YamlSection section) {
    List<String> versions = RoomVersions.all().stream().map(RoomVersion::id).toList();
    return new Configuration.Rooms(
        section
            .parsed(
                "default-version",
                "one of " + String.join(", ", versions),
                text -> RoomVersions.of(text).orElseThrow(IllegalArgumentException::new))
            .orElse(RoomVersions.DEFAULT));
  }

  private Configuration.RoomDirectory roomDirectory(YamlSection section) {
    return new Configuration.RoomDirectory(
        section.bool("without-login", false), section.bool("over-federation", false));
  }

  private boolean enabled(YamlSection section) {
    return section.bool("enabled", true);
  }

  private Configuration.Backups backups(YamlSection section) {
    return new Configuration.Backups(
        section.bool("daily", true),
        section.integer("keep", 1, BackupSettings.MOST_KEPT).orElse(Configuration.Backups.KEPT),
        section.string("folder").map(folder::resolve));
  }

  private Configuration.Turn turn(YamlSection section) {
    List<String> uris =
        section.list(
            "uris",
            "addresses such as turn:turn.example.org?transport=udp",
            List.of(),
            ConfigurationReader::turnAddress);
    if (uris.isEmpty()) {
      throw section.wrong("uris", "a list of at least one address");
    }
    Optional<String> secret = section.string("shared-secret");
    Optional<String> username = section.string("username");
    Optional<String> password = section.string("password");
    if (secret.isPresent() && (username.isPresent() || password.isPresent())) {
      throw section.wrong("shared-secret", "without a username and a password beside it");
    }
    if (username.isPresent() != password.isPresent()) {
      throw section.wrong(
          username.isPresent() ? "password" : "username", "there, as the other one is");
    }
    return new Configuration.Turn(
        uris,
        secret,
        username,
        password,
        section
            .integer("lifetime-seconds", LEAST_TURN_SECONDS, MOST_TURN_SECONDS)
            .orElse(Configuration.Turn.A_DAY));
  }

  private Configuration.Email email(YamlSection section) {
    return new Configuration.Email(
        section.requiredString("smtp-host"),
        section.integer("smtp-port", 1, 65535).orElse(25),
        section.requiredString("from"));
  }

  private static <E extends Enum<E>> Optional<E> choice(
      YamlSection section, String key, Class<E> type) {
    List<String> names =
        java.util.Arrays.stream(type.getEnumConstants())
            .map(each -> each.name().toLowerCase(Locale.ROOT).replace('_', '-'))
            .toList();
    return section.parsed(
        key,
        "one of " + String.join(", ", names),
        text -> {
          int index = names.indexOf(text);
          if (index < 0) {
            throw new IllegalArgumentException("not one of them");
          }
          return type.getEnumConstants()[index];
        });
  }

  private static String serverName(String text) {
    try {
      return ServerName.parse(text).value();
    } catch (InvalidIdentifierException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /// A name without a port, in which `*` and `?` may stand for others.
  private static String serverPattern(String text) {
    if (!text.matches("[A-Za-z0-9.*?-]{1,255}|\\[[A-Fa-f0-9:.*?]{1,253}]")) {
      throw new IllegalArgumentException("not a host's name, with or without * and ?");
    }
    return text;
  }

  private static UserId userId(String text) {
    try {
      return UserId.parse(text);
    } catch (InvalidIdentifierException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static String mailAddress(String text) {
    if (!text.matches("[^@\\s]{1,64}@[^@\\s]{1,255}")) {
      throw new IllegalArgumentException("it is none");
    }
    return text;
  }

  /// An address of RFC 7065.
  private static String turnAddress(String text) {
    try {
      if (!text.matches("turns?:[^/].*")) {
        throw new IllegalArgumentException("it does not begin with turn: or turns:");
      }
      return new URI(text).toString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getReason(), e);
    }
  }

  private URI webAddress(String text) {
    try {
      URI address = new URI(text);
      if (address.getHost() == null
          || !List.of("http", "https").contains(String.valueOf(address.getScheme()))) {
        throw new IllegalArgumentException("it has no host, or is not of http or https");
      }
      return address;
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getReason(), e);
    }
  }

  /// Checks an address, or the name of one, without a look-up.
  private static String bindable(String text) {
    if (text.matches("[0-9.]+") || text.indexOf(':') >= 0) {
      // Java takes 1.2.3 for 1.2.0.3.
      if (text.indexOf(':') < 0 && text.split("\\.", -1).length != 4) {
        throw new IllegalArgumentException("an IPv4 address has four numbers");
      }
      var _ = InetAddress.ofLiteral(text);
    } else if (!text.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")) {
      throw new IllegalArgumentException("neither an address nor a host's name");
    }
    return text;
  }

  /// Checks CIDR notation without a name look-up.
  private static String network(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    boolean six = address.indexOf(':') >= 0;
    if (!(six ? address.matches("[0-9A-Fa-f:.]+") : address.matches("\\d{1,3}(\\.\\d{1,3}){3}"))) {
      throw new IllegalArgumentException("not an address");
    }
    var _ = InetAddress.ofLiteral(address);
    if (slash >= 0) {
      int bits = Integer.parseInt(text.substring(slash + 1));
      if (bits < 0 || bits > (six ? 128 : 32)) {
        throw new IllegalArgumentException("the prefix is too long");
      }
    }
    return text;
  }
}
