package org.hearth.server.http.connection;

import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// What the certificate of a listener says of it.
///
/// @param names the DNS names that it is for, in lower case, in its order; `*.` begins one of a
///   whole zone
/// @param addresses those that it is for
/// @param end after which nobody accepts it
/// @param signer who vouches for it
public record ListenerCertificate(
    List<String> names, List<InetAddress> addresses, Instant end, Signer signer) {
  private static final System.Logger LOG = System.getLogger(ListenerCertificate.class.getName());

  /// RFC 5280 §4.2.1.6: the kinds of alternative names.
  private static final Integer DNS_NAME = 2;

  private static final Integer IP_ADDRESS = 7;

  /// Who vouches for a certificate.
  public enum Signer {
    /// An authority that computers and phones trust as they are.
    PUBLIC_AUTHORITY,
    /// One that must be made known to them.
    OTHER_AUTHORITY,
    /// Nobody but itself.
    ITSELF
  }

  public ListenerCertificate {
    names = List.copyOf(names);
    addresses = List.copyOf(addresses);
  }

  /// Reads the alternative names. That of the subject counts for no client any more (RFC 9525 §2).
  ///
  /// @param chain the server's own first
  /// @param authorities those that everybody trusts
  static ListenerCertificate of(List<X509Certificate> chain, Authorities authorities) {
    X509Certificate certificate = chain.getFirst();
    List<String> names = new ArrayList<>();
    List<InetAddress> addresses = new ArrayList<>();
    for (List<?> each : alternativeNames(certificate)) {
      if (each.get(1) instanceof String text) {
        if (each.getFirst().equals(DNS_NAME)) {
          names.add(text.toLowerCase(Locale.ROOT));
        } else if (each.getFirst().equals(IP_ADDRESS)) {
          literal(text).ifPresent(addresses::add);
        }
      }
    }
    return new ListenerCertificate(
        names, addresses, certificate.getNotAfter().toInstant(), signer(chain, authorities));
  }

  private static Signer signer(List<X509Certificate> chain, Authorities authorities) {
    if (isTrusted(chain, authorities)) {
      return Signer.PUBLIC_AUTHORITY;
    }
    X509Certificate own = chain.getFirst();
    return own.getIssuerX500Principal().equals(own.getSubjectX500Principal())
        ? Signer.ITSELF
        : Signer.OTHER_AUTHORITY;
  }

  /// One that has ended is not; nor is one of which that cannot be found out, since Java has no
  /// authorities here, say: a listener works without.
  private static boolean isTrusted(List<X509Certificate> chain, Authorities authorities) {
    try {
      authorities.find().checkServerTrusted(chain.toArray(X509Certificate[]::new), "UNKNOWN");
      return true;
    } catch (CertificateException _) {
      return false;
    } catch (GeneralSecurityException | RuntimeException e) {
      LOG.log(Level.WARNING, "Who vouches for a certificate cannot be found out", e);
      return false;
    }
  }

  /// Those whom everybody trusts.
  @FunctionalInterface
  interface Authorities {
    X509TrustManager find() throws GeneralSecurityException;
  }

  /// The authorities that Java trusts, which are those that computers and phones trust.
  static X509TrustManager publicAuthorities() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    return Stream.of(factory.getTrustManagers())
        .filter(X509TrustManager.class::isInstance)
        .map(X509TrustManager.class::cast)
        .findFirst()
        .orElseThrow();
  }

  private static Collection<List<?>> alternativeNames(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null ? List.of() : names;
    } catch (CertificateParsingException e) {
      LOG.log(Level.WARNING, "The names of a certificate cannot be read", e);
      return List.of();
    }
  }

  /// Whether a client accepts it for a host (RFC 9525 §6.3: a wildcard stands for one label).
  ///
  /// @param host a DNS name or an address; one of IPv6 may have brackets
  public boolean covers(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    int dot = name.indexOf('.');
    return names.contains(name)
        || (dot > 0 && names.contains("*" + name.substring(dot)))
        || literal(name).filter(addresses::contains).isPresent();
  }

  private static Optional<InetAddress> literal(String host) {
    try {
      return Optional.of(
          InetAddress.ofLiteral(
              host.startsWith("[") && host.endsWith("]")
                  ? host.substring(1, host.length() - 1)
                  : host));
    } catch (IllegalArgumentException _) {
      return Optional.empty(); // It is a name.
    }
  }
}
