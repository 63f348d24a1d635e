package org.hearth.server.certificates;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;

/// An authority that certifies this server alone, for the devices of a home.
///
/// A device that trusts an authority believes all that it signs. So what this one may certify
/// stands in its own certificate: the server's name, names that only homes use, and addresses of
/// private networks (RFC 5280 §4.2.1.10). Whoever steals its key becomes no bank.
///
/// The authority is made once: every device that was told of it would have to be told of another
/// again. What it certifies is made anew whenever that is wanted ([#certify]).
///
/// **Thread**: one at a time; [#pem] and [#fingerprint] any.
public final class HomeAuthority {
  /// Names and addresses in a certificate.
  static final int MOST_NAMES = 32;

  /// Phones refuse certificates of longer life than 398 days, of whichever authority.
  static final Duration LIFE = Duration.ofDays(390);

  private static final String AUTHORITY = "authority.pem";
  private static final String CERTIFICATE = "server.pem";
  private static final String PRIVATE_KEY = "server-key.pem";

  private final Path folder;
  private final String serverName;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Certified authority;

  private HomeAuthority(
      Path folder,
      String serverName,
      InstantSource clock,
      SecureRandom random,
      Certified authority) {
    this.folder = folder;
    this.serverName = serverName;
    this.clock = clock;
    this.random = random;
    this.authority = authority;
  }

  /// Reads the authority, or makes one.
  ///
  /// @param folder of its files, for this process alone
  /// @param serverName the permanent name
  /// @throws ConfigurationException if the authority cannot be read as one
  /// @throws IOException if a file cannot be read or written
  public static HomeAuthority open(
      Path folder, String serverName, InstantSource clock, SecureRandom random) throws IOException {
    Path file = folder.resolve(AUTHORITY);
    if (Files.notExists(file)) {
      DataFolder.replace(file, Issuing.authority(serverName, clock.instant(), random).pem());
    }
    Certified authority;
    try {
      authority = Certified.read(Files.readString(file));
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new ConfigurationException(
          "The server's own authority, %s, cannot be read (%s). Put it back from a backup, or remove it: a new one is made then, of which every device must be told"
              .formatted(file, e.getMessage()),
          e);
    }
    return new HomeAuthority(folder, serverName, clock, random, authority);
  }

  /// The file of the authority with its key.
  ///
  /// @param folder of its files
  public static Path file(Path folder) {
    return folder.resolve(AUTHORITY);
  }

  /// The file with what [#certify] has made, the server's own certificate first.
  ///
  /// @param folder of its files
  public static Path certificate(Path folder) {
    return folder.resolve(CERTIFICATE);
  }

  /// The file with its key.
  ///
  /// @param folder of its files
  public static Path privateKey(Path folder) {
    return folder.resolve(PRIVATE_KEY);
  }

  /// Certifies the server, unless it has a certificate that is good for these hosts and for another
  /// third of its life. Of what the authority may not certify nothing is in it.
  ///
  /// @return whether it has a new one
  /// @throws IOException if a file cannot be written
  public boolean certify(Hosts wanted) throws IOException {
    Hosts hosts = Issuing.permitted(wanted, serverName, MOST_NAMES);
    if (isGood(hosts)) {
      return false;
    }
    Certified server = Issuing.server(authority, serverName, hosts, clock.instant(), random);
    // The key is another one, so that a certificate without its key is found and made again.
    DataFolder.replace(privateKey(folder), server.keyPem());
    DataFolder.replace(certificate(folder), server.certificatePem() + authority.certificatePem());
    return true;
  }

  /// The certificate of the authority, without its key.
  public String pem() {
    return authority.certificatePem();
  }

  /// What tells it from another that somebody in the network might have put in its place.
  ///
  /// @return the SHA-256 of the certificate in hexadecimal
  public String fingerprint() {
    return authority.fingerprint();
  }

  private boolean isGood(Hosts hosts) {
    Path certificate = certificate(folder);
    Path key = privateKey(folder);
    if (Files.notExists(certificate) || Files.notExists(key)) {
      return false;
    }
    try {
      Certified there = Certified.read(Files.readString(certificate) + Files.readString(key));
      return there.isPair()
          && isSigned(there.certificate(), authority.certificate().getPublicKey())
          && !isDue(there.certificate())
          && covered(there.certificate()).containsAll(wanted(hosts));
    } catch (IOException | GeneralSecurityException _) {
      return false; // What cannot be read is made anew.
    }
  }

  private static boolean isSigned(X509Certificate certificate, PublicKey by) {
    try {
      certificate.verify(by);
      return true;
    } catch (GeneralSecurityException _) {
      return false; // By an authority that was there before.
    }
  }

  /// "renewal at two thirds of life"; a clock that was wrong when it was made is no life.
  private boolean isDue(X509Certificate certificate) {
    Instant begin = certificate.getNotBefore().toInstant();
    Duration life = Duration.between(begin, certificate.getNotAfter().toInstant());
    Instant now = clock.instant();
    return now.isBefore(begin) || now.isAfter(begin.plus(life.multipliedBy(2).dividedBy(3)));
  }

  private static Set<String> wanted(Hosts hosts) {
    Set<String> all = new HashSet<>(hosts.names());
    hosts.addresses().stream().map(InetAddress::getHostAddress).forEach(all::add);
    return all;
  }

  private static Set<String> covered(X509Certificate certificate) throws GeneralSecurityException {
    Set<String> all = new HashSet<>();
    var names = certificate.getSubjectAlternativeNames();
    (names == null ? Stream.<List<?>>empty() : names.stream())
        .map(each -> String.valueOf(each.get(1)))
        .forEach(all::add);
    return all;
  }
}
