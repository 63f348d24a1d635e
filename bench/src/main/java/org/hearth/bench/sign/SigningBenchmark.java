package org.hearth.bench.sign;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Ed25519 over what is signed of a message: about 400 bytes.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
public class SigningBenchmark {
  private static final byte[] SEED =
      "a seed for benchmarks, 32 bytes ".getBytes(StandardCharsets.US_ASCII);

  /// "302a300506032b6570032100" is what X.509 puts before the 32 bytes of an Ed25519 key.
  private static final byte[] X509 = HexFormat.of().parseHex("302a300506032b6570032100");

  private final byte[] message = new byte[400];
  private final SigningKey key = new SigningKey(KeyId.parse("ed25519:1"), SEED);
  private final VerifyKey verifyKey = key.verifyKey();
  private final byte[] signature = key.sign(message);
  private final Signature jdk;
  private final PrivateKey jdkKey;
  private final PublicKey jdkVerifyKey;

  /// Looks that both make the same signature.
  public SigningBenchmark() {
    byte[] raw = UnpaddedBase64.decode(verifyKey.base64()).orElseThrow();
    byte[] encoded = Arrays.copyOf(X509, X509.length + raw.length);
    System.arraycopy(raw, 0, encoded, X509.length, raw.length);
    try {
      KeyFactory keys = KeyFactory.getInstance("Ed25519");
      jdk = Signature.getInstance("Ed25519");
      jdkKey = keys.generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, SEED));
      jdkVerifyKey = keys.generatePublic(new X509EncodedKeySpec(encoded));
      if (!Arrays.equals(sign(jdk, jdkKey, message), signature)
          || !verify(jdk, jdkVerifyKey, message, signature)) {
        throw new IllegalStateException("the JDK signs otherwise");
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has Ed25519", e);
    }
  }

  @Benchmark
  public byte[] sign() {
    return key.sign(message);
  }

  @Benchmark
  public boolean verify() {
    return verifyKey.verify(message, signature);
  }

  @Benchmark
  public byte[] jdkSign() throws GeneralSecurityException {
    return sign(jdk, jdkKey, message);
  }

  @Benchmark
  public boolean jdkVerify() throws GeneralSecurityException {
    return verify(jdk, jdkVerifyKey, message, signature);
  }

  private static byte[] sign(Signature jdk, PrivateKey key, byte[] message)
      throws GeneralSecurityException {
    jdk.initSign(key);
    jdk.update(message);
    return jdk.sign();
  }

  private static boolean verify(Signature jdk, PublicKey key, byte[] message, byte[] signature)
      throws GeneralSecurityException {
    jdk.initVerify(key);
    jdk.update(message);
    return jdk.verify(signature);
  }
}
