package org.hearth.server.readers.spaces;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.federation.FederationReply;
import org.junit.jupiter.api.Test;

/// What is taken of what another server says of a space.
class RoomsElsewhereTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final RoomId SPACE = RoomId.parse("!space:peer.test");
  private static final RoomId CHILD = RoomId.parse("!child:peer.test");
  private static final String SAID =
      """
      {"room": {"room_id": "!space:peer.test", "room_type": "m.space", "children_state": [
          {"type": "m.space.child", "state_key": "!child:peer.test", "sender": "@c:peer.test",
           "origin_server_ts": 1, "content": {"via": ["peer.test"]}}]},
       "children": [{"room_id": "!victim:x.test"}, {"room_id": "!child:peer.test"}],
       "inaccessible_children": ["!victim:x.test", "!child:peer.test"]}
      """;

  private final AtomicInteger asked = new AtomicInteger();
  private final RoomsElsewhere elsewhere =
      new RoomsElsewhere(_ -> {
        asked.incrementAndGet();
        return new FederationReply.Answer(200, (ObjectNode) MatrixJson.parse(SAID.getBytes(UTF_8)));
      });

  private static RoomsElsewhere.Question of(String server) {
    return new RoomsElsewhere.Question(ServerName.parse(server), SPACE, false);
  }

  @Test
  void aServerSpeaksOfWhatIsInTheSpaceAndOfNothingElse() throws InterruptedException {
    RoomsElsewhere.Answer answer = elsewhere.ask(of("peer.test"), "@a:hearth.test", PATIENCE);

    assertThat(answer.children()).containsOnlyKeys(CHILD);
    assertThat(answer.inaccessible()).containsExactly(CHILD);
  }

  /// Who is named in one space does not say what a room is for those who come by another server.
  @Test
  void whatOneServerSaysIsNotGivenForWhatAnotherWould() throws InterruptedException {
    var _ = elsewhere.ask(of("peer.test"), "@a:hearth.test", PATIENCE);
    var _ = elsewhere.ask(of("peer.test"), "@a:hearth.test", PATIENCE);
    assertThat(asked).hasValue(1);

    assertThat(elsewhere.known(of("other.test"))).isEmpty();
    var _ = elsewhere.ask(of("other.test"), "@a:hearth.test", PATIENCE);
    assertThat(asked).hasValue(2);
  }
}
