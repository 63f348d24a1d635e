package org.hearth.server.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.AdminException;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.PrivateAddresses;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Rows 106 and 107 of the list of known attacks, for a whole server: whatever strangers, other
/// servers and users have it ask, it connects to nobody on its own computer. Somebody listens there
/// who would notice.
@Timeout(180)
@Tag("long")
class OutboundPathsTest {
  private static final String V3 = "/_matrix/client/v3";

  /// A way on which others name a server that this one is to ask.
  private enum Way {
    /// Who signs a request has its keys fetched; nobody needs an account for that.
    KEYS_OF_WHO_ASKS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        if (!name.chars().allMatch(each -> each < 128)) {
          return; // No header can say this.
        }
        var _ =
            server
                .client()
                .as((_, _, _) ->
                    List.of(
                        "X-Matrix origin=\"%s\",destination=\"hearth.test\",key=\"ed25519:a\",sig=\"%s\""
                            .formatted(name, "A".repeat(86))))
                .get("/_matrix/federation/v1/query/profile?user_id=%40alice%3Ahearth.test");
      }
    },
    /// Whoever asks this server as a notary.
    KEYS_AS_A_NOTARY {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ = server.client().get("/_matrix/key/v2/query/" + TestClient.encoded(name));
        var _ =
            server
                .client()
                .post("/_matrix/key/v2/query", "{'server_keys':{'%s':{}}}".formatted(quoted(name)));
      }
    },
    PROFILE {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ = alice.get(V3 + "/profile/" + TestClient.encoded("@bob:" + name));
      }
    },
    ALIAS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ = alice.get(V3 + "/directory/room/" + TestClient.encoded("#a:" + name));
      }
    },
    JOIN {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.post(V3 + "/join/%21room%3Aelsewhere.test?via=" + TestClient.encoded(name), "{}");
      }
    },
    JOIN_BY_ID {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ = alice.post(V3 + "/join/" + TestClient.encoded("!room:" + name), "{}");
      }
    },
    KNOCK {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.post(
                V3 + "/knock/%21room%3Aelsewhere.test?via=" + TestClient.encoded(name), "{}");
      }
    },
    PUBLIC_ROOMS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ = alice.get(V3 + "/publicRooms?server=" + TestClient.encoded(name));
      }
    },
    SUMMARY {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.get(
                "/_matrix/client/v1/room_summary/%21room%3Aelsewhere.test?via="
                    + TestClient.encoded(name));
      }
    },
    DEVICE_KEYS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.post(
                V3 + "/keys/query",
                "{'device_keys':{'@b:%s':[]},'timeout':2000}".formatted(quoted(name)));
      }
    },
    ONE_TIME_KEYS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.post(
                V3 + "/keys/claim",
                "{'one_time_keys':{'@c:%s':{'D':'signed_curve25519'}},'timeout':2000}"
                    .formatted(quoted(name)));
      }
    },
    INVITE {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.post(
                V3 + "/rooms/" + TestClient.encoded(room) + "/invite",
                "{'user_id':'@d:%s'}".formatted(quoted(name)));
      }
    },
    MAIN_ALIAS {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        var _ =
            alice.put(
                V3 + "/rooms/" + TestClient.encoded(room) + "/state/m.room.canonical_alias",
                "{'alt_aliases':['#e:%s']}".formatted(quoted(name)));
      }
    },
    TRACE {
      @Override
      void go(WholeServer server, TestClient alice, String room, String name) {
        try {
          var _ = server.homeserver().admin().orElseThrow().peers().trace(name);
        } catch (AdminException _) {
          // It is no server's name.
        }
      }
    };

    abstract void go(WholeServer server, TestClient alice, String room, String name);

    private static String quoted(String name) {
      return name.replace("\\", "\\\\");
    }
  }

  /// Notices who connects.
  private static final class Sentinel implements AutoCloseable {
    private final ServerSocket socket;
    private final AtomicInteger connected = new AtomicInteger();

    Sentinel() throws IOException {
      // At all addresses of this computer.
      socket = new ServerSocket(0, 50);
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                try (Socket _ = socket.accept()) {
                  connected.incrementAndGet();
                }
              }
            } catch (IOException _) {
              // The test is over.
            }
          });
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @TempDir private Path folder;
  private final Map<Way, Sentinel> sentinels = new EnumMap<>(Way.class);

  /// One a way, since who could not be reached is left alone.
  @BeforeEach
  void start() throws IOException {
    for (Way each : Way.values()) {
      sentinels.put(each, new Sentinel());
    }
  }

  @AfterEach
  void stop() throws IOException {
    for (Sentinel each : sentinels.values()) {
      each.close();
    }
  }

  private static List<String> hosts() throws IOException {
    List<String> hosts = new ArrayList<>(PrivateAddresses.ODD);
    hosts.addAll(PrivateAddresses.OF_THE_HOME);
    PrivateAddresses.LITERAL.stream()
        .filter(each -> each.startsWith("127.") || each.equals("0.0.0.0") || each.startsWith("["))
        .forEach(hosts::add);
    InetAddress own = InetAddress.getLocalHost();
    Stream.of(own.getHostName(), own.getHostAddress())
        .filter(each -> !each.contains(":"))
        .forEach(hosts::add);
    return hosts;
  }

  @Test
  void nobodyOnThisComputerIsConnectedToOnAnyWay() throws Exception {
    try (WholeServer server = new WholeServer(folder, "federation: { mode: open }\n")) {
      server.start();
      TestClient alice = server.register("alice");
      String room = WholeServer.openRoom(alice);
      for (Way way : Way.values()) {
        for (String host : hosts()) {
          way.go(server, alice, room, host + ":" + port(way));
        }
      }
      alice.get(V3 + "/account/whoami").expect(200);
    }

    sentinels.forEach((way, each) -> assertThat(each.connected.get()).as(way.toString()).isZero());
  }

  private int port(Way way) {
    Sentinel sentinel = sentinels.get(way);
    if (sentinel == null) {
      throw new IllegalStateException("nobody listens for " + way);
    }
    return sentinel.socket.getLocalPort();
  }

  /// Each way leads there where the owner wants it: so it is the block that keeps it from there.
  @Test
  void whomTheOwnerAllowsIsConnectedToOnEachWay() throws Exception {
    String settings =
        """
        federation: { mode: open }
        outbound: { allowed-hosts: [ localhost ] }
        """;
    try (WholeServer server = new WholeServer(folder, settings)) {
      server.start();
      TestClient alice = server.register("alice");
      String room = WholeServer.openRoom(alice);
      for (Way way : Way.values()) {
        way.go(server, alice, room, "localhost:" + port(way));
      }
      for (Map.Entry<Way, Sentinel> each : sentinels.entrySet()) {
        Eventually.until(each.getKey().toString(), () -> each.getValue().connected.get() > 0);
      }
    }
  }
}
