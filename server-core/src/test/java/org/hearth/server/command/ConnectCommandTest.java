package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.junit.jupiter.api.Test;

/// `hearth connect`, on a server that runs and on one that does not.
final class ConnectCommandTest extends TypedCommands {
  @Test
  void addressLinkAndAppsAreTold() throws IOException, StartFailedException {
    configure("");
    try (Homeserver server = server()) {
      server.start();
      String address = ((ServerState.Running) server.state()).addresses().getFirst();

      assertThat(hearth("connect")).isZero();
      assertThat(said())
          .contains("Address      " + address + "\n")
          .contains("?account_provider=" + address + "\n")
          .contains("Only apps on this computer", "the name hearth.test alone")
          .contains("is a switch of the panel. Without one, write bind: 0.0.0.0")
          .containsPattern("Element X +will not +It needs an address with https")
          .containsPattern("Cinny +works ")
          .containsPattern("FluffyChat +not yet +Works after “Let devices at home connect”")
          .doesNotContain("█");

      assertThat(hearth("connect", "--person", "alice", "--qr")).isZero();
      assertThat(said()).contains("&login_hint=mxid:@alice:hearth.test\n", "█████");
    }
  }

  @Test
  void aServerThatDoesNotRunIsSaidNotTo() throws IOException {
    configure("");

    assertThat(hearth("connect")).isEqualTo(1);
    assertThat(said()).startsWith("Not running");
  }
}
