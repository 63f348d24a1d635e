package org.hearth.server.certificates;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// How certificates of a home are made: P-256, since every phone has it; a subject that is not
/// empty, since iPhones refuse one that is.
///
/// **Thread**: any.
final class Issuing {
  private static final Duration LIFE_OF_AUTHORITY = Duration.ofDays(20 * 365);

  /// The clocks of phones may be behind.
  private static final Duration BEFORE = Duration.ofDays(1);

  /// RFC 5280, upper bound of a common name.
  private static final int LONGEST_COMMON_NAME = 64;

  /// Ends of names that only homes use, and this computer's own.
  private static final List<String> HOME_NAMES =
      List.of("local", "home.arpa", "internal", "lan", "home", "localdomain", "localhost");

  /// Networks with their masks.
  private static final List<String> HOME_NETWORKS =
      List.of(
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.168.0.0/16",
          "::1/128",
          "fc00::/7",
          "fe80::/10");

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private Issuing() {}

  /// A new authority.
  static Certified authority(String serverName, Instant now, SecureRandom random) {
    X500Name subject = subject("Hearth at home, " + serverName);
    KeyPair keys = newKeys(random);
    JcaX509v3CertificateBuilder builder =
        builder(subject, subject, keys, now, LIFE_OF_AUTHORITY, random);
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
      builder.addExtension(
          Extension.nameConstraints, true, new NameConstraints(subtrees(serverName), null));
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("its extensions can be written", e);
    }
    return signed(builder, keys, keys);
  }

  /// A certificate of the server by its authority.
  static Certified server(
      Certified authority, String serverName, Hosts hosts, Instant now, SecureRandom random) {
    KeyPair keys = newKeys(random);
    JcaX509v3CertificateBuilder builder =
        builder(
            X500Name.getInstance(authority.certificate().getSubjectX500Principal().getEncoded()),
            subject(serverName),
            keys,
            now,
            HomeAuthority.LIFE,
            random);
    GeneralName[] names =
        Stream.concat(
                hosts.names().stream().map(name -> new GeneralName(GeneralName.dNSName, name)),
                hosts.addresses().stream()
                    .map(InetAddress::getHostAddress)
                    .map(address -> new GeneralName(GeneralName.iPAddress, address)))
            .toArray(GeneralName[]::new);
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils()
              .createAuthorityKeyIdentifier(authority.certificate().getPublicKey()));
      builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("its extensions can be written", e);
    }
    return signed(
        builder, keys, new KeyPair(authority.certificate().getPublicKey(), authority.key()));
  }

  /// What of it an authority of this server may certify.
  ///
  /// @param most names and addresses in all; the first count
  static Hosts permitted(Hosts wanted, String serverName, int most) {
    List<String> names =
        wanted.names().stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .filter(name -> zones(serverName).anyMatch(zone -> isIn(name, zone)))
            .distinct()
            .limit(most)
            .toList();
    List<InetAddress> addresses =
        wanted.addresses().stream()
            .filter(Issuing::isOfHome)
            .map(Issuing::withoutLink)
            .distinct()
            .limit(most - names.size())
            .toList();
    return new Hosts(names, addresses);
  }

  private static Stream<String> zones(String serverName) {
    return Stream.concat(
        Stream.of(serverName).filter(name -> !ADDRESS.matcher(name).matches()),
        HOME_NAMES.stream());
  }

  private static boolean isIn(String name, String zone) {
    return name.equals(zone) || name.endsWith("." + zone);
  }

  /// In one of [#HOME_NETWORKS].
  private static boolean isOfHome(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || (bytes.length == 4
            ? address.isSiteLocalAddress() || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64)
            : (bytes[0] & 0xfe) == 0xfc);
  }

  /// An address of IPv6 may name the link that it is on, which nobody else knows it by.
  private static InetAddress withoutLink(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has the length of one", e);
    }
  }

  private static GeneralSubtree[] subtrees(String serverName) {
    return Stream.concat(
            zones(serverName).map(zone -> new GeneralName(GeneralName.dNSName, zone)),
            HOME_NETWORKS.stream().map(each -> new GeneralName(GeneralName.iPAddress, each)))
        .map(GeneralSubtree::new)
        .toArray(GeneralSubtree[]::new);
  }

  private static X500Name subject(String commonName) {
    return new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.O, "Hearth")
        .addRDN(
            BCStyle.CN, commonName.substring(0, Math.min(commonName.length(), LONGEST_COMMON_NAME)))
        .build();
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Name issuer,
      X500Name subject,
      KeyPair keys,
      Instant now,
      Duration life,
      SecureRandom random) {
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(127, random).setBit(126),
        Date.from(now.minus(BEFORE)),
        Date.from(now.minus(BEFORE).plus(life)),
        subject,
        keys.getPublic());
  }

  private static Certified signed(JcaX509v3CertificateBuilder builder, KeyPair keys, KeyPair by) {
    try {
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder(Certified.SIGNATURE).build(by.getPrivate())));
      return new Certified(certificate, keys.getPrivate());
    } catch (OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform signs with P-256", e);
    }
  }

  private static KeyPair newKeys(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has P-256", e);
    }
  }
}
