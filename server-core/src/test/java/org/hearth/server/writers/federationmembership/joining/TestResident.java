package org.hearth.server.writers.federationmembership.joining;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Asked;

/// A server in a room of a test's, which lets users of others in: rightly, unless the test bends
/// what it says.
final class TestResident {
  private final ServerName name;
  private final RoomFixture room;
  private final List<ObjectNode> handedIn = new CopyOnWriteArrayList<>();
  private volatile Consumer<ObjectNode> template = _ -> {};
  private volatile Consumer<ObjectNode> answer = _ -> {};
  private volatile UnaryOperator<String> bytes = text -> text;
  private volatile TestInternet.Script before = (_, _) -> {};
  private volatile boolean hasVersionTwo = true;
  private volatile boolean letsGuestsIn;
  private volatile Optional<UserId> authorising = Optional.empty();

  TestResident(ServerName name, RoomFixture room) {
    this.name = name;
    this.room = room;
  }

  /// Changes what it answers to `make_…`.
  void bendTemplate(Consumer<ObjectNode> change) {
    template = change;
  }

  /// Changes what it answers to `send_…`.
  void bendAnswer(Consumer<ObjectNode> change) {
    answer = change;
  }

  /// Changes the bytes of what it answers to `send_…`.
  void bendBytes(UnaryOperator<String> change) {
    bytes = change;
  }

  /// Whose user of its own authorises restricted joins.
  void authoriseBy(UserId user) {
    authorising = Optional.of(user);
  }

  /// What happens before it answers; an answer that this gives is the only one.
  void first(TestInternet.Script script) {
    before = script;
  }

  /// It is so old that it knows only the first version of each endpoint.
  void letsGuestsIn() {
    letsGuestsIn = true;
  }

  void knowsVersionOneOnly() {
    hasVersionTwo = false;
  }

  /// The events that were handed in.
  List<ObjectNode> handedIn() {
    return handedIn;
  }

  void serve(Asked asked, OutputStream out) throws Exception {
    CountingOutput counted = new CountingOutput(out);
    before.answer(asked, counted);
    if (counted.isUsed()) {
      return;
    }
    String[] target = asked.line().split(" ", -1)[1].split("\\?", -1)[0].split("/", -1);
    String action = target.length > 4 ? target[4] : "";
    if (action.startsWith("send_") && target[3].equals("v2") && !hasVersionTwo) {
      respond(out, 404, JsonNodeFactory.instance.objectNode().put("errcode", "M_UNRECOGNIZED"));
      return;
    }
    switch (action) {
      case "hierarchy" -> respond(out, 200, summary(decoded(target[5])));
      case "make_join", "make_knock", "make_leave" ->
          respond(out, 200, template(UserId.parse(decoded(target[6])), action.substring(5)));
      case "send_join", "send_knock", "send_leave" -> {
        ObjectNode event = MatrixJson.parseObject(asked.body().getBytes(UTF_8));
        handedIn.add(event);
        ObjectNode said =
            switch (action) {
              case "send_join" -> joined(event);
              case "send_knock" -> knocked();
              default -> JsonNodeFactory.instance.objectNode();
            };
        answer.accept(said);
        String text = new String(MatrixJson.write(said), UTF_8);
        boolean old = target[3].equals("v1") && !action.equals("send_knock");
        TestInternet.respond(
            out,
            200,
            "Content-Type: application/json\r\n",
            bytes.apply(old ? "[200," + text + "]" : text));
      }
      default ->
          respond(out, 404, JsonNodeFactory.instance.objectNode().put("errcode", "M_NOT_FOUND"));
    }
  }

  /// What is said of the room, guests among it.
  private ObjectNode summary(String of) {
    ObjectNode said = JsonNodeFactory.instance.objectNode();
    said.putObject("room").put("room_id", of).put("guest_can_join", letsGuestsIn);
    said.putArray("children");
    return said;
  }

  private ObjectNode template(UserId user, String membership) {
    ObjectNode event =
        room.member(user, user, membership)
            .bendContent(content ->
                authorising.ifPresent(
                    each -> content.put("join_authorised_via_users_server", each.value())))
            .build()
            .json()
            .deepCopy();
    var _ = event.remove(List.of("hashes", "signatures", "event_id"));
    ObjectNode said = JsonNodeFactory.instance.objectNode();
    said.put("room_version", room.version().id());
    said.set("event", event);
    template.accept(said);
    return said;
  }

  private ObjectNode joined(ObjectNode event) {
    ObjectNode said = JsonNodeFactory.instance.objectNode();
    ArrayNode state = said.putArray("state");
    room.state().values().forEach(each -> state.add(each.json()));
    ArrayNode chain = said.putArray("auth_chain");
    room.events().stream().filter(Pdu::isState).forEach(each -> chain.add(each.json()));
    ObjectNode signed = event.deepCopy();
    signed.setAll(EventSignatures.sign(event, room.version(), name, TestKeys.of(name)));
    said.set("event", signed);
    return said;
  }

  private ObjectNode knocked() {
    ObjectNode said = JsonNodeFactory.instance.objectNode();
    ArrayNode state = said.putArray("knock_room_state");
    room.state().values().stream()
        .filter(each -> !each.isMember())
        .forEach(each -> state.add(each.json()));
    return said;
  }

  static void respond(OutputStream out, int status, ObjectNode json) throws IOException {
    TestInternet.respond(
        out,
        status,
        "Content-Type: application/json\r\n",
        new String(MatrixJson.write(json), UTF_8));
  }

  /// An answer with that error.
  static TestInternet.Script error(int status, String errcode, String error) {
    return (_, out) ->
        respond(
            out,
            status,
            JsonNodeFactory.instance.objectNode().put("errcode", errcode).put("error", error));
  }

  private static String decoded(String segment) {
    return URLDecoder.decode(segment, UTF_8);
  }

  /// Notes whether anything was written.
  private static final class CountingOutput extends java.io.FilterOutputStream {
    private boolean used;

    CountingOutput(OutputStream out) {
      super(out);
    }

    boolean isUsed() {
      return used;
    }

    @Override
    public void write(int next) throws IOException {
      used = true;
      out.write(next);
    }

    @Override
    public void write(byte[] all, int from, int length) throws IOException {
      used = true;
      out.write(all, from, length);
    }
  }
}
