package org.hearth.server.http.connection;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.net.Socket;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.jspecify.annotations.Nullable;

/// A listener's certificate and private key, read from PEM files and read again when asked.
///
/// **thread**: [#reload] by one at a time; the rest by any. A handshake that began before a reload
/// ends with the key with which it began.
final class TlsKeys extends X509ExtendedKeyManager {
  private record Loaded(
      String alias, PrivateKey key, List<X509Certificate> chain, ListenerCertificate told) {}

  private record Generations(Loaded current, Loaded previous) {}

  private final Listener.Tls files;
  private final AtomicLong generation = new AtomicLong();
  private volatile Generations loaded;

  /// @throws UnusableKeyException if a file cannot be read or holds something else than is expected
  TlsKeys(Listener.Tls files) {
    this.files = files;
    Loaded first = load(files, generation.getAndIncrement());
    this.loaded = new Generations(first, first);
  }

  /// Reads the files again.
  ///
  /// @throws UnusableKeyException if one cannot be read; the old key then stays
  void reload() {
    loaded = new Generations(load(files, generation.getAndIncrement()), loaded.current());
  }

  /// A context that presents the certificate that is loaded at the time of each handshake.
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {this}, null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  /// What is presented now.
  ListenerCertificate certificate() {
    return loaded.current().told();
  }

  private static Loaded load(Listener.Tls files, long generation) {
    try {
      requireFile(files.certificate());
      requireFile(files.privateKey());
      List<X509Certificate> chain = certificates(files.certificate());
      PrivateKey key = privateKey(files.privateKey());
      if (!belongTogether(key, chain.getFirst().getPublicKey())) {
        throw new IOException(
            "%s is not the private key of the first certificate in %s"
                .formatted(files.privateKey(), files.certificate()));
      }
      return new Loaded(
          "key-" + generation,
          key,
          chain,
          ListenerCertificate.of(chain, ListenerCertificate::publicAuthorities));
    } catch (IOException e) {
      throw new UnusableKeyException(e);
    }
  }

  /// To open a pipe would wait for its other end.
  private static void requireFile(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException("%s is no file; expected PEM".formatted(path));
    }
  }

  private static List<X509Certificate> certificates(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<?> all = CertificateFactory.getInstance("X.509").generateCertificates(in);
      List<X509Certificate> chain = all.stream().map(X509Certificate.class::cast).toList();
      if (chain.isEmpty()) {
        throw new IOException("%s has no certificate; expected PEM".formatted(file));
      }
      return chain;
    } catch (GeneralSecurityException e) {
      throw new IOException("%s has no readable certificate; expected PEM".formatted(file), e);
    }
  }

  private static PrivateKey privateKey(Path file) throws IOException {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    boolean encrypted = false;
    try (Reader text = Files.newBufferedReader(file);
        PEMParser parser = new PEMParser(text)) {
      for (Object each = parser.readObject(); each != null; each = parser.readObject()) {
        switch (each) {
          case PrivateKeyInfo key -> {
            return converter.getPrivateKey(key);
          }
          case PEMKeyPair pair -> {
            return converter.getPrivateKey(pair.getPrivateKeyInfo());
          }
          case PKCS8EncryptedPrivateKeyInfo _, PEMEncryptedKeyPair _ -> encrypted = true;
          default -> {
            // The parameters of the curve or a certificate may stand before the key.
          }
        }
      }
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException | IllegalStateException e) {
      throw new IOException("%s has no readable private key; expected PEM".formatted(file), e);
    }
    throw new IOException(
        (encrypted
                ? "the private key in %s is encrypted"
                : "%s has no private key; expected PEM: PKCS#8, RSA or EC")
            .formatted(file));
  }

  private static boolean belongTogether(PrivateKey key, PublicKey certified) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC", "ECDSA" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    try {
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      byte[] proof = signing.sign();
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(certified);
      return verifying.verify(proof);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private @Nullable String alias(@Nullable String keyType) {
    Loaded current = loaded.current();
    String algorithm = current.key().getAlgorithm();
    boolean fits =
        keyType != null
            && (keyType.startsWith(algorithm)
                || (algorithm.equals("ECDSA") && keyType.startsWith("EC"))
                || (algorithm.startsWith("Ed") && keyType.startsWith("Ed")));
    return fits ? current.alias() : null;
  }

  private @Nullable Loaded of(String alias) {
    Generations all = loaded;
    if (all.current().alias().equals(alias)) {
      return all.current();
    }
    return all.previous().alias().equals(alias) ? all.previous() : null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(keyType);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Loaded found = of(alias);
    return found == null ? null : found.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Loaded found = of(alias);
    return found == null ? null : found.key();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    String alias = alias(keyType);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null; // A server only.
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null; // A server only.
  }
}
