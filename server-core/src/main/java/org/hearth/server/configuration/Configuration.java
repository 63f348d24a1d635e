package org.hearth.server.configuration;

import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// Everything that `hearth.yaml` can say, checked, with the defaults filled in.
///
/// **source**: read by [ConfigurationReader]; the keys have the names of the components here, in
/// lower case with dashes.
///
/// @param serverName the permanent name of this server, a part of every user id
/// @param publicBaseUrl the address that clients are told to use, if it is not that of a listener
/// @param support whom people of this server and of others may turn to
/// @param listeners where the server listens; not empty
/// @param http whom requests are believed
/// @param registration who may make an account
/// @param federation which other servers may talk to this one
/// @param outbound what requests of this server to others must not reach
/// @param rooms what new rooms are like
/// @param roomDirectory who may read the directory of public rooms
/// @param presence whether users are told who is there
/// @param rateLimits whether clients are slowed down
/// @param accessTokenInQuery whether `?access_token=` is accepted beside the header
/// @param urlPreviews whether the server fetches pages for previews
/// @param turn by which servers calls are relayed, if any
/// @param email how to send mail, if at all
/// @param applicationServices registration files of bridges and bots
/// @param backups which backups are made without being asked for
/// @param media how much of pictures and files there may be
/// @param unused keys that the file sets and that no part of this version uses, such as
///   `application-services`
/// @param file where all this was read; empty for mere defaults
public record Configuration(
    String serverName,
    Optional<URI> publicBaseUrl,
    Support support,
    List<Listener> listeners,
    Http http,
    Registration registration,
    Federation federation,
    Outbound outbound,
    Rooms rooms,
    RoomDirectory roomDirectory,
    boolean presence,
    boolean rateLimits,
    boolean accessTokenInQuery,
    boolean urlPreviews,
    Optional<Turn> turn,
    Optional<Email> email,
    List<Path> applicationServices,
    Backups backups,
    Media media,
    List<String> unused,
    Optional<Path> file) {

  /// The port of the listener that a configuration without `listeners` has.
  public static final int DEFAULT_PORT = 8008;

  public Configuration {
    listeners = List.copyOf(listeners);
    applicationServices = List.copyOf(applicationServices);
    unused = List.copyOf(unused);
    if (listeners.isEmpty()) {
      throw new IllegalArgumentException("a server without a listener cannot be reached");
    }
  }

  /// All defaults: one plain listener on the loopback address, closed registration.
  ///
  /// @param serverName the permanent name
  /// @return what a `hearth.yaml` with only the server name says
  public static Configuration defaults(String serverName) {
    return new Configuration(
        serverName,
        Optional.empty(),
        new Support(Optional.empty(), List.of()),
        List.of(new Listener("127.0.0.1", DEFAULT_PORT, Optional.empty())),
        new Http(List.of()),
        new Registration(RegistrationMode.CLOSED, false, Optional.empty(), Optional.empty()),
        new Federation(FederationMode.OPEN, List.of(), List.of(), List.of(), false),
        new Outbound(Outbound.PRIVATE_NETWORKS, List.of(), List.of()),
        new Rooms(RoomVersions.DEFAULT),
        new RoomDirectory(false, false),
        true,
        true,
        false,
        false,
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Backups.USUAL,
        Media.DEFAULTS,
        List.of(),
        Optional.empty());
  }

  /// The files that these settings name, and without which the server does not start, or not as it
  /// is meant to.
  ///
  /// @return in the order of the settings; whether they exist is not looked at
  public List<Path> namedFiles() {
    return Stream.of(
            listeners.stream()
                .flatMap(listener -> listener.tls().stream())
                .flatMap(tls ->
                    tls instanceof Tls.FromFiles files
                        ? Stream.of(files.certificate(), files.privateKey())
                        : Stream.empty()),
            outbound.trustedCertificates().stream(),
            applicationServices.stream())
        .flatMap(each -> each)
        .map(each -> each.toAbsolutePath().normalize())
        .distinct()
        .toList();
  }

  /// Whether the server has an authority of its own, which certifies a listener.
  public boolean hasHomeAuthority() {
    return listeners.stream()
        .flatMap(listener -> listener.tls().stream())
        .anyMatch(Tls.ByHomeAuthority.class::isInstance);
  }

  /// Whether other computers reach a listener.
  public boolean isOpenToOthers() {
    return listeners.stream().anyMatch(listener -> !listener.isOfThisComputer());
  }

  /// What the owner should know of these settings, as a person is told: at the start, by `hearth
  /// status` and on the panel's Home.
  ///
  /// @return sentences; empty if there is nothing to know
  public List<String> warnings() {
    return Stream.concat(capitals().stream(), withoutEffect().stream()).toList();
  }

  /// "`@user:matrix.org` is a different person from `@user:MATRIX.ORG`"
  private Optional<String> capitals() {
    return serverName.equals(serverName.toLowerCase(Locale.ROOT))
        ? Optional.empty()
        : Optional.of(
            "The server's name %s has capitals. Whoever types an id here in lower case means somebody else; a name cannot be changed once people have ids."
                .formatted(serverName));
  }

  private Optional<String> withoutEffect() {
    return switch (unused.size()) {
      case 0 -> Optional.empty();
      case 1 ->
          Optional.of(
              "The setting %s has no effect yet: this version of Hearth does not have the part that uses it."
                  .formatted(unused.getFirst()));
      default ->
          Optional.of(
              "The settings %s and %s have no effect yet: this version of Hearth does not have the parts that use them."
                  .formatted(
                      String.join(", ", unused.subList(0, unused.size() - 1)), unused.getLast()));
    };
  }

  /// One socket.
  ///
  /// @param bind the address to listen on
  /// @param port the TCP port; 0 lets the system choose one
  /// @param tls the certificate, or empty for plain HTTP
  public record Listener(String bind, int port, Optional<Tls> tls) {
    /// Whether no other computer reaches it.
    public boolean isOfThisComputer() {
      try {
        return InetAddress.ofLiteral(bind).isLoopbackAddress();
      } catch (IllegalArgumentException _) {
        return bind.equals("localhost"); // Any other name is looked up when the server starts.
      }
    }
  }

  /// Where the certificate of a listener comes from.
  public sealed interface Tls {
    /// From somebody else, with its key.
    ///
    /// @param certificate a PEM file, the leaf first
    /// @param privateKey a PEM file
    record FromFiles(Path certificate, Path privateKey) implements Tls {}

    /// From the server's own authority.
    record ByHomeAuthority() implements Tls {}
  }

  /// Whom people may turn to, as the server tells anybody.
  ///
  /// @param page where to get help
  /// @param contacts who helps
  public record Support(Optional<URI> page, List<Contact> contacts) {
    public Support {
      contacts = List.copyOf(contacts);
    }
  }

  /// What a contact is for.
  public enum Role {
    /// Whatever concerns the server.
    ADMIN,
    /// Security.
    SECURITY
  }

  /// Somebody to turn to, by at least one way.
  ///
  /// @param role what for
  /// @param matrixId a user
  /// @param email an address
  public record Contact(Role role, Optional<UserId> matrixId, Optional<String> email) {}

  /// Whom requests are believed.
  ///
  /// @param trustedProxies whose `X-Forwarded-For` says where a request came from
  public record Http(List<InetAddress> trustedProxies) {
    public Http {
      trustedProxies = List.copyOf(trustedProxies);
    }
  }

  /// Who may make an account.
  public enum RegistrationMode {
    /// Only the owner makes accounts.
    CLOSED,
    /// Whoever has a registration token.
    TOKEN,
    /// Anybody.
    OPEN
  }

  /// Who may make an account.
  ///
  /// @param mode who may
  /// @param guests whether guest accounts are given
  /// @param sharedSecret what the shared-secret registration is keyed with
  /// @param recaptcha the human test asked for at registration
  public record Registration(
      RegistrationMode mode,
      boolean guests,
      Optional<String> sharedSecret,
      Optional<Recaptcha> recaptcha) {}

  /// A human test at registration.
  ///
  /// @param verifyUrl where answers are verified
  /// @param publicKey given to clients
  /// @param privateKey given to the verifier
  /// @param required whether nobody registers without the test
  public record Recaptcha(URI verifyUrl, String publicKey, String privateKey, boolean required) {}

  /// Which other servers may talk to this one.
  public enum FederationMode {
    /// None.
    OFF,
    /// Only those listed.
    ALLOW_LIST,
    /// All.
    OPEN
  }

  /// Which other servers may talk to this one.
  ///
  /// @param mode how the list is meant
  /// @param servers the listed server names
  /// @param blocked names without ports, in which `*` and `?` stand for others, of servers that may
  ///   not, whatever the mode
  /// @param keyNotaries whom to ask for the keys of servers that do not answer
  /// @param presence whether other servers are told who is there, and believed about their users
  public record Federation(
      FederationMode mode,
      List<String> servers,
      List<String> blocked,
      List<String> keyNotaries,
      boolean presence) {
    public Federation {
      servers = List.copyOf(servers);
      blocked = List.copyOf(blocked);
      keyNotaries = List.copyOf(keyNotaries);
    }
  }

  /// What requests of this server to others must not reach, and whom they trust.
  ///
  /// @param blockedNetworks networks in CIDR notation
  /// @param allowedHosts names and addresses that are reached wherever they are
  /// @param trustedCertificates PEM files of authorities trusted beside the system's
  public record Outbound(
      List<String> blockedNetworks, List<String> allowedHosts, List<Path> trustedCertificates) {
    /// The networks that are not the public internet.
    ///
    /// **source**: the IANA registries of special-purpose addresses, RFC 6890; `::/96` and
    /// `::ffff:0:0:0/96` (RFC 4291, RFC 2765) carry IPv4 addresses
    public static final List<String> PRIVATE_NETWORKS =
        List.of(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::1/128",
            "::/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/32",
            "2001:2::/48",
            "2001:10::/28",
            "2001:db8::/32",
            "3fff::/20",
            "5f00::/16",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8");

    public Outbound {
      blockedNetworks = List.copyOf(blockedNetworks);
      allowedHosts = List.copyOf(allowedHosts);
      trustedCertificates = List.copyOf(trustedCertificates);
    }
  }

  /// What new rooms are like.
  ///
  /// @param defaultVersion the version of a room for which the client names none
  public record Rooms(RoomVersion defaultVersion) {}

  /// Who may read the directory of public rooms.
  ///
  /// @param withoutLogin anybody on the network
  /// @param overFederation other servers
  public record RoomDirectory(boolean withoutLogin, boolean overFederation) {}

  /// By which servers calls are relayed.
  ///
  /// @param uris where they are, as clients are told; not empty
  /// @param sharedSecret of which each user's credentials are made
  /// @param username of all users, where there is no shared secret
  /// @param password of all users, where there is no shared secret
  /// @param lifetimeSeconds after which clients ask anew
  public record Turn(
      List<String> uris,
      Optional<String> sharedSecret,
      Optional<String> username,
      Optional<String> password,
      int lifetimeSeconds) {
    static final int A_DAY = 86_400;

    public Turn {
      uris = List.copyOf(uris);
    }
  }

  /// Which backups are made without being asked for.
  ///
  /// @param daily whether one is made every day
  /// @param keep how many of those are kept
  /// @param folder where all backups go; empty for `backups` in the data folder
  public record Backups(boolean daily, int keep, Optional<Path> folder) {
    static final int KEPT = 7;

    /// What is done where nothing is said.
    public static final Backups USUAL = new Backups(true, KEPT, Optional.empty());
  }

  /// How much of pictures and files there may be, and for how long.
  ///
  /// @param largestUpload in bytes
  /// @param userQuota what one user may have uploaded, in bytes
  /// @param totalQuota what all users may have uploaded, in bytes; empty for as much as the disk
  ///   has
  /// @param copies what is kept of media of other servers, in bytes
  /// @param keepFree what uploads leave free on the disk, in bytes
  /// @param removeUnused after which time without a download uploads are removed; empty for never
  /// @param removeUnusedCopies the same of media of other servers
  /// @param eraseWithAccount whether uploads go with an account that is erased
  /// @param withoutLogin whether what is uploaded now may be downloaded without a login
  public record Media(
      long largestUpload,
      long userQuota,
      Optional<Long> totalQuota,
      long copies,
      long keepFree,
      Optional<Duration> removeUnused,
      Optional<Duration> removeUnusedCopies,
      boolean eraseWithAccount,
      boolean withoutLogin) {
    static final Media DEFAULTS =
        new Media(
            50_000_000,
            5L << 30,
            Optional.empty(),
            10L << 30,
            1L << 30,
            Optional.empty(),
            Optional.of(Duration.ofDays(90)),
            true,
            false);
  }

  /// How to send mail.
  ///
  /// @param smtpHost the mail server
  /// @param smtpPort its port
  /// @param from the sender's address
  public record Email(String smtpHost, int smtpPort, String from) {}
}
