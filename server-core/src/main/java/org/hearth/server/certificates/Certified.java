package org.hearth.server.certificates;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/// A certificate with the private key of its subject.
record Certified(X509Certificate certificate, PrivateKey key) {
  static final String SIGNATURE = "SHA256withECDSA";

  /// Reads the first certificate and the first key of a text in PEM.
  ///
  /// @throws IOException if there is none of either
  static Certified read(String pem) throws IOException {
    @Nullable X509Certificate certificate = null;
    @Nullable PrivateKey key = null;
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object each = parser.readObject(); each != null; each = parser.readObject()) {
        if (each instanceof X509CertificateHolder holder && certificate == null) {
          certificate = new JcaX509CertificateConverter().getCertificate(holder);
        } else if (each instanceof PrivateKeyInfo found && key == null) {
          key = new JcaPEMKeyConverter().getPrivateKey(found);
        }
      }
    } catch (GeneralSecurityException | IllegalStateException | IllegalArgumentException e) {
      throw new IOException("it is damaged", e);
    }
    if (certificate == null || key == null) {
      throw new IOException("it has no certificate with its key");
    }
    return new Certified(certificate, key);
  }

  /// Both of them.
  String pem() {
    return certificatePem() + keyPem();
  }

  String certificatePem() {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("it was read or made", e);
    }
  }

  String keyPem() {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  private static String pem(String type, byte[] content) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(new PemObject(type, content));
    } catch (IOException e) {
      throw new IllegalStateException("a text can be written", e);
    }
    return text.toString();
  }

  /// Whether the key is that of the certificate.
  boolean isPair() throws GeneralSecurityException {
    Signature signing = Signature.getInstance(SIGNATURE);
    signing.initSign(key);
    Signature verifying = Signature.getInstance(SIGNATURE);
    verifying.initVerify(certificate.getPublicKey());
    return verifying.verify(signing.sign());
  }

  /// The SHA-256 of the certificate, as browsers and phones show it.
  String fingerprint() {
    try {
      return HexFormat.ofDelimiter(":")
          .withUpperCase()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
