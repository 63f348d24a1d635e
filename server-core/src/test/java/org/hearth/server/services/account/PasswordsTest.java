package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordsTest {
  private final Passwords passwords = new Passwords(PasswordCost.LOWEST, 1, new SecureRandom());

  @Test
  void rightPasswordIsRecognised() {
    String stored = passwords.hash("pässwörd 🔑");

    assertThat(passwords.verify("pässwörd 🔑", stored)).isTrue();
    assertThat(passwords.verify("password", stored)).isFalse();
    assertThat(passwords.verify("", stored)).isFalse();
  }

  @Test
  void samePasswordHasAnotherHashEachTime() {
    assertThat(passwords.hash("secret")).isNotEqualTo(passwords.hash("secret"));
  }

  @Test
  void nobodyHasNoPassword() {
    assertThat(passwords.verify("", null)).isFalse();
    assertThat(passwords.verify("anything", null)).isFalse();
  }

  @Test
  void hashesFillTheSameMemory() {
    Passwords dear = new Passwords(new PasswordCost(4_096, 1, 1), 1, new SecureRandom());
    dear.hash("first");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    String stored = dear.hash("second");

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
    assertThat(dear.verify("second", stored)).isTrue();
  }

  @Test
  void memoryOfHashesIsGivenBackWhenNobodySignsIn() {
    Passwords dear = new Passwords(new PasswordCost(4_096, 1, 1), 1, new SecureRandom());
    dear.hash("first");
    dear.rest();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    dear.hash("a moment later");
    long fromThePool = threads.getCurrentThreadAllocatedBytes() - before;

    dear.rest();
    dear.rest();
    before = threads.getCurrentThreadAllocatedBytes();
    dear.hash("after a pause");

    assertThat(fromThePool).isLessThan(1 << 20);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isGreaterThan(4 << 20);
  }

  @Test
  void hashSaysWhatItCost() {
    String stored = passwords.hash("secret");

    assertThat(stored).startsWith("$argon2id$v=19$m=8,t=1,p=1$");
    assertThat(passwords.isOutdated(stored)).isFalse();
    Passwords dearer = new Passwords(new PasswordCost(16, 2, 1), 1, new SecureRandom());
    assertThat(dearer.isOutdated(stored)).isTrue();
    assertThat(dearer.verify("secret", stored)).isTrue();
  }

  @Test
  void knownHashIsVerified() {
    // Made by the reference implementation: argon2 -id -v 13 -m 16 -t 2 -p 1, "password", salt
    // "somesalt".
    String reference =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    assertThat(passwords.verify("password", reference)).isTrue();
    assertThat(passwords.verify("Password", reference)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "plain", "$2b$10$abc", "$argon2id$v=19$m=8$c2FsdA$aGFzaA"})
  void damagedHashesAreSaid(String stored) {
    assertThatThrownBy(() -> passwords.verify("secret", stored))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource({"7,1,1", "8,0,1", "8,1,0", "15,1,2", "131073,1,1", "8,17,1"})
  void costsHaveBounds(int memory, int passes, int lanes) {
    assertThatThrownBy(() -> new PasswordCost(memory, passes, lanes))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
