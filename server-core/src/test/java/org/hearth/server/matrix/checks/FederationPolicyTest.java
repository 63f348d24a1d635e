package org.hearth.server.matrix.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.Test;

/// With whom this server talks.
final class FederationPolicyTest {
  private static boolean allows(FederationPolicy policy, String server) {
    return policy.allows(ServerName.parse(server));
  }

  @Test
  void offIsWithNobody() {
    assertThat(FederationPolicy.off().isOff()).isTrue();
    assertThat(allows(FederationPolicy.off(), "friend.test")).isFalse();
  }

  @Test
  void aListIsWithThoseOnItUnlessTheyAreBlocked() {
    FederationPolicy listed =
        FederationPolicy.allowing(
            Set.of(ServerName.parse("friend.test"), ServerName.parse("foe.test")),
            List.of("foe.*"));

    assertThat(listed.isOff()).isFalse();
    assertThat(allows(listed, "friend.test")).isTrue();
    assertThat(allows(listed, "friend.test:8448")).isFalse();
    assertThat(allows(listed, "foe.test")).isFalse();
    assertThat(allows(listed, "stranger.test")).isFalse();
  }

  @Test
  void openIsWithAllButTheBlockedInAnyCaseAndWithAnyPort() {
    FederationPolicy open = FederationPolicy.open(List.of("foe.test", "*.Foe.test"));

    assertThat(allows(open, "stranger.test")).isTrue();
    assertThat(allows(open, "foe.test")).isFalse();
    assertThat(allows(open, "FOE.test:8448")).isFalse();
    assertThat(allows(open, "a.b.foe.test")).isFalse();
    assertThat(allows(open, "nofoe.test")).isTrue();
  }
}
