package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.hearth.server.Homeserver;
import org.junit.jupiter.api.Test;

/// `hearth federation keys` and `rotate-key`, on a server that runs and on one that does not.
final class SigningKeyCommandsTest extends TypedCommands {
  private String[] keys() {
    assertThat(hearth("federation", "keys")).as(said()).isZero();
    return said().split("\n", -1);
  }

  private String rotate() {
    assertThat(hearth("federation", "rotate-key")).as(said()).isZero();
    assertThat(said())
        .startsWith("The server signs with ed25519:a_")
        .contains("Make a backup (hearth backup)");
    return said().split(" ", -1)[4];
  }

  @Test
  void keysAreListedAndRotated() throws Exception {
    configure("");
    String first;
    String second;
    try (Homeserver server = server()) {
      server.start();
      String[] before = keys();
      assertThat(before).hasSize(2);
      assertThat(before[0]).matches("ed25519:a_[0-9a-f]{8} [A-Za-z0-9+/]{43} signs");
      first = before[0].split(" ", -1)[0];

      second = rotate();

      assertThat(keys()[0]).startsWith(second + " ").endsWith(" signs");
      assertThat(keys()[1]).startsWith(first + " ").contains(" until 20");
    }
    try (Homeserver server = server()) {
      server.start();
      assertThat(server.admin().orElseThrow().activity(0, 10))
          .extracting(each -> each.text())
          .contains("This server signs with a new key, " + second + ".");
    }

    String third = rotate();
    String[] after = keys();
    assertThat(after).hasSize(4);
    assertThat(after[0]).startsWith(third + " ");
    assertThat(after[1]).startsWith(second + " ");
    assertThat(after[2]).startsWith(first + " ");
  }
}
