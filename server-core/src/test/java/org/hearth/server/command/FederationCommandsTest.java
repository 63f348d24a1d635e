package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.hearth.server.Homeserver;
import org.hearth.server.outbound.LocalPeer;
import org.hearth.server.outbound.federation.FailingServers;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `hearth federation`, on a server that runs and on one that does not.
@Timeout(120)
class FederationCommandsTest extends TypedCommands {
  @Test
  void theWayToAServerIsTold() throws Exception {
    try (LocalPeer peer = LocalPeer.start(folder)) {
      configure(
          """
          federation: { mode: open }
          outbound: { allowed-hosts: [ localhost ], trusted-certificates: [ authority.pem ] }
          """);
      String name = "localhost:" + peer.port();
      try (Homeserver server = server()) {
        server.start();

        assertThat(hearth("federation", "test", name)).as(said()).isZero();
        assertThat(said())
            .contains("ok   what the configuration says: this server may talk to it")
            .contains("ok   step 2 (port): " + name)
            .contains("address: 127.0.0.1 port " + peer.port())
            .contains("certificate for: localhost")
            .contains("key ed25519:peer: ")
            .contains("version: A peer 1.0 of tests")
            .contains("clock: ")
            .endsWith(name + " can be reached.\n");
      }
      assertThat(hearth("federation", "test", name)).as(said()).isZero();
    }
  }

  @Test
  void whoCouldNotBeReachedIsListedAndTriedAgain() throws Exception {
    configure("");
    try (Homeserver server = server()) {
      server.start();
      assertThat(hearth("federation", "failing")).isZero();
      assertThat(said()).isEqualTo("There is no server that could not be reached.\n");
      assertThat(hearth("federation", "retry", "peer.example")).isEqualTo(1);
      assertThat(hearth("federation", "refused")).isZero();
      assertThat(said()).isEqualTo("No event of another server was refused since the start.\n");
      assertThat(hearth("federation", "refused", "peer.example")).as(said()).isZero();
      assertThat(hearth("federation", "refused", "no name")).isEqualTo(1);
    }
    // A failure as an earlier run of the server left it.
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      FailingServers.add(store, "peer.example", "it is\ndown");
    }
    assertThat(hearth("federation", "failing")).isZero();
    assertThat(said()).startsWith("peer.example since ").endsWith(": it is down\n");

    assertThat(hearth("federation", "retry", "peer.example")).as(said()).isZero();

    assertThat(hearth("federation", "failing")).isZero();
    assertThat(said()).isEqualTo("There is no server that could not be reached.\n");
  }

  @Test
  void whoIsToldWhatHappensHereIsListed() throws Exception {
    configure("");
    try (Homeserver server = server()) {
      server.start();
      assertThat(hearth("federation", "destinations")).as(said()).isZero();
      assertThat(said()).isEqualTo("No server has been told anything lately.\n");
    }
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      FailingServers.add(store, "peer.example", "it is\ndown");
    }

    assertThat(hearth("federation", "destinations")).as(said()).isZero();

    assertThat(said())
        .startsWith("peer.example: left-alone, 0 waiting, failing since ")
        .contains(", next at ")
        .endsWith(": it is down\n");
  }

  @Test
  void whatIsInTheWayIsTold() throws Exception {
    configure("federation: { mode: off }\n");

    assertThat(hearth("federation", "test", "localhost:1")).isEqualTo(1);
    assertThat(said())
        .contains("BAD  what the configuration says: this server does not talk to it")
        .contains("which is in a blocked network; \"outbound: allowed-hosts\" in hearth.yaml")
        .endsWith("localhost:1 cannot be reached: what is marked BAD says why.\n");
    assertThat(hearth("federation", "test", "[::1]:1")).isEqualTo(1);
    assertThat(said()).contains("BAD  where the server is: [::1] is in a blocked network; ");
    assertThat(hearth("federation", "test", "no name")).isEqualTo(1);
    assertThat(said()).startsWith("hearth: ").contains("no name");
    assertThat(hearth("federation")).isEqualTo(2);
  }
}
