package org.hearth.server.writers.federationmembership.joining;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;

/// What is read of the answer to a join while it comes.
class JoinAnswerTest {
  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);

  private JoinAnswer answer() {
    return new JoinAnswer(
        room.roomId(),
        RoomVersions.V11,
        new LargeAnswers(System::nanoTime).place(new Pace(System::nanoTime)));
  }

  private static InputStream stream(String list, Pdu event, int times) {
    String text = new String(MatrixJson.write(event.json()), UTF_8);
    String all = (text + ",").repeat(times - 1) + text;
    return new ByteArrayInputStream(
        (list.equals("state")
                ? "{\"auth_chain\":[],\"state\":[" + all + "]}"
                : "{\"state\":[],\"auth_chain\":[" + all + "]}")
            .getBytes(UTF_8));
  }

  /// A resident that repeats one event for ever costs what two of them take.
  @Test
  void aStateThatRepeatsItselfIsNotReadToItsEnd() throws Exception {
    JoinAnswer answer = answer();
    InputStream body = stream("state", room.topic(ALICE, "Again").build(), 10_000);
    int whole = body.available();

    answer.read(body);

    assertThat(answer.fault()).contains("its state has an event twice");
    assertThat(answer.state()).hasSize(1);
    assertThat(whole - body.available()).isLessThan(100_000);
  }

  /// Servers may repeat what authorises many.
  @Test
  void anAuthChainMayRepeatItself() throws Exception {
    JoinAnswer answer = answer();

    answer.read(stream("auth_chain", room.topic(ALICE, "Again").build(), 100));

    assertThat(answer.fault()).isEmpty();
    assertThat(answer.events()).hasSize(1);
  }
}
