package org.hearth.server.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.hearth.server.outbound.Failure.TlsReason;

/// Whose certificates are believed: those that the system trusts and those that the owner named.
/// The certificate's name is verified always; there is no switch.
final class Trust {
  private static final int SESSIONS = 1_000;

  private final SSLContext context;

  private Trust(SSLContext context) {
    this.context = context;
  }

  /// @throws IOException if a certificate cannot be read
  static Trust read(List<Path> certificates) throws IOException {
    try {
      KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
      anchors.load(null, null);
      int count = 0;
      for (X509Certificate each : system()) {
        anchors.setCertificateEntry("system-" + count++, each);
      }
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Path file : certificates) {
        for (Certificate each : read(factory, file)) {
          anchors.setCertificateEntry("owner-" + count++, each);
        }
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(anchors);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      context.getClientSessionContext().setSessionCacheSize(SESSIONS);
      return new Trust(context);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no X.509 or no TLS", e);
    }
  }

  /// TLS over a connected socket, before the handshake.
  ///
  /// @param name what the other side must prove to be
  SSLSocket over(Socket socket, String name, int port) throws IOException {
    SSLSocket secure =
        (SSLSocket) context.getSocketFactory().createSocket(socket, name, port, true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    return secure;
  }

  /// What made a handshake fail.
  static TlsReason reason(IOException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case CertificateExpiredException _ -> {
          return TlsReason.EXPIRED;
        }
        case CertificateNotYetValidException _ -> {
          return TlsReason.NOT_YET_VALID;
        }
        case CertPathBuilderException _ -> {
          return TlsReason.UNTRUSTED;
        }
        default -> {}
      }
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException) {
        return TlsReason.UNTRUSTED;
      }
      // The JDK throws this very class, and no other, when the name does not match.
      if (cause.getClass() == CertificateException.class) {
        return TlsReason.WRONG_NAME;
      }
    }
    return TlsReason.PROTOCOL;
  }

  private static List<X509Certificate> system() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    return Stream.<TrustManager>of(factory.getTrustManagers())
        .filter(X509TrustManager.class::isInstance)
        .flatMap(each -> Stream.of(((X509TrustManager) each).getAcceptedIssuers()))
        .toList();
  }

  private static List<Certificate> read(CertificateFactory factory, Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      List<Certificate> found = List.copyOf(factory.generateCertificates(in));
      if (found.isEmpty()) {
        throw new IOException("expected certificates in PEM, found none, in " + file);
      }
      return found;
    } catch (CertificateException e) {
      throw new IOException("expected certificates in PEM, in " + file, e);
    }
  }
}
