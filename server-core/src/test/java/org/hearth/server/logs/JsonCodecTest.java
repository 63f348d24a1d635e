package org.hearth.server.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.ringlogs.LogSpec;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCodecTest {
  private static final EntryCodec<AccountOutput> CODEC = Logs.ACCOUNT_OUTPUT.codec();

  /// One entry and the file that has what was written for it when version 1 began.
  record Row<E>(LogSpec<E> log, String name, E entry) {
    byte[] kept() throws IOException {
      String file = "version-1/%s/%s.json".formatted(log.name(), name);
      try (InputStream in = JsonCodecTest.class.getResourceAsStream(file)) {
        return Objects.requireNonNull(in, file).readAllBytes();
      }
    }

    @Override
    public String toString() {
      return log.name() + "/" + name;
    }
  }

  static Stream<Row<?>> rows() {
    return Stream.of(
            rows(Logs.ROOM_INPUT, Entries.roomInput()),
            rows(Logs.ROOM_OUTPUT, Entries.roomOutput()),
            rows(Logs.ACCOUNT_OUTPUT, Entries.accountOutput()),
            rows(Logs.TYPING_INPUT, Entries.typingInput()),
            rows(Logs.TYPING_OUTPUT, Entries.typingOutput()),
            rows(Logs.RECEIPT_INPUT, Entries.receiptInput()),
            rows(Logs.RECEIPT_OUTPUT, Entries.receiptOutput()),
            rows(Logs.DEVICE_INPUT, Entries.deviceInput()),
            rows(Logs.DEVICE_OUTPUT, Entries.deviceOutput()),
            rows(Logs.PRESENCE_INPUT, Entries.presenceInput()),
            rows(Logs.PRESENCE_OUTPUT, Entries.presenceOutput()),
            rows(Logs.NOTIFICATION_OUTPUT, Entries.notificationOutput()))
        .flatMap(each -> each);
  }

  private static <E> Stream<Row<?>> rows(LogSpec<E> log, Map<String, E> entries) {
    return entries.entrySet().stream().map(each -> new Row<>(log, each.getKey(), each.getValue()));
  }

  @ParameterizedTest
  @MethodSource("rows")
  <E> void readsWhatVersion1HasWritten(Row<E> row) throws IOException {
    E read = row.log().codec().decode(1, row.kept());

    assertThat(read).isEqualTo(row.entry());
    assertThat(events(read)).isEqualTo(events(row.entry()));
  }

  @ParameterizedTest
  @MethodSource("rows")
  <E> void writesWhatItReads(Row<E> row) throws IOException {
    EntryCodec<E> codec = row.log().codec();

    byte[] written = codec.encode(row.entry());

    assertThat(codec.decode(codec.version(), written)).isEqualTo(row.entry());
    assertThat(present(written)).isEqualTo(present(row.kept()));
  }

  /// The written JSON without nulls, which may be missing. The order of a set means nothing.
  private static ObjectNode present(byte[] written) {
    ObjectNode json = MatrixJson.parseObject(written);
    json.properties().removeIf(each -> each.getValue().isNull());
    for (String name : List.of("from", "unobtainable", "signers")) {
      if (json.get(name) instanceof ArrayNode) {
        Set<String> elements =
            json.remove(name).valueStream().map(Object::toString).collect(Collectors.toSet());
        json.put(name, elements.stream().sorted().collect(Collectors.joining()));
      }
    }
    if (json.get("signers") instanceof ObjectNode signers) {
      signers.forEach(each -> assertThat(each).hasSize(2));
      json.remove("signers");
    }
    return json;
  }

  /// Events are equal if their ids are: here every byte of them counts.
  private static List<String> events(Object entry) {
    return switch (entry) {
      case RoomInput.ReceiveEvents received ->
          Stream.concat(received.events().stream(), received.outliers().stream())
              .map(each -> new String(each.canonicalBytes(), UTF_8))
              .toList();
      case RoomInput.ReceiveRoom part ->
          part.events().stream().map(each -> new String(each.canonicalBytes(), UTF_8)).toList();
      case RoomInput.EnterRoom enter -> List.of(new String(enter.join().canonicalBytes(), UTF_8));
      case RoomInput.SendSigned signed ->
          List.of(new String(signed.event().canonicalBytes(), UTF_8));
      case RoomOutput.EventAdded added ->
          List.of(new String(added.event().canonicalBytes(), UTF_8));
      default -> List.of();
    };
  }

  @Test
  void hasAFileForEveryKind() {
    assertThat(rows().<Class<?>>map(each -> each.entry().getClass()))
        .containsAll(records(RoomInput.class).toList())
        .containsAll(records(RoomOutput.class).toList())
        .containsAll(records(AccountOutput.class).toList())
        .containsAll(records(TypingInput.class).toList())
        .containsAll(records(TypingOutput.class).toList())
        .containsAll(records(ReceiptInput.class).toList())
        .containsAll(records(ReceiptOutput.class).toList())
        .containsAll(records(DeviceInput.class).toList())
        .containsAll(records(DeviceOutput.class).toList())
        .containsAll(records(PresenceInput.class).toList())
        .containsAll(records(PresenceOutput.class).toList())
        .containsAll(records(NotificationOutput.class).toList());
  }

  private static Stream<Class<?>> records(Class<?> type) {
    return type.isRecord()
        ? Stream.of(type)
        : Stream.of(type.getPermittedSubclasses()).flatMap(JsonCodecTest::records);
  }

  @Test
  void refusesALaterVersionAndNamesBoth() {
    assertThatThrownBy(() -> CODEC.decode(7, new byte[0]))
        .isInstanceOfSatisfying(
            UnknownVersionException.class,
            e -> {
              assertThat(e.expected()).isEqualTo(1);
              assertThat(e.found()).isEqualTo(7);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"kind\":\"no-such\"}",
        "{\"kind\":\"device-added\",\"user\":\"@a:b\"}",
        "{\"kind\":\"device-added\",\"user\":\"@a:b\",\"device\":null}",
        "{\"kind\":\"device-added\",\"user\":\"nobody\",\"device\":\"D\"}",
        "{\"kind\":\"account-created\",\"user\":\"@a:b\"}",
        "{\"kind\":\"account-data-changed\",\"user\":\"@a:b\",\"type\":\"t\",\"content\":[]}"
      })
  void refusesWhatIsNoEntry(String json) {
    assertThatThrownBy(() -> CODEC.decode(1, json.getBytes(UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /// A log that comes later, with components of the names that older ones write otherwise.
  sealed interface Later {
    record Said(String key, String redacted, String roomId, String displayName) implements Later {}
  }

  @Test
  void theNamesOfOlderLogsAreTheirOwn() {
    JsonCodec<Later> codec = new JsonCodec<>(Later.class);
    Later said = new Later.Said("k", "r", "!a", "n");

    byte[] written = codec.encode(said);

    assertThat(MatrixJson.parseObject(written).fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("kind", "key", "redacted", "room_id", "display_name");
    assertThat(codec.decode(codec.version(), written)).isEqualTo(said);
  }

  sealed interface Twice {
    sealed interface Here extends Twice {
      record Gone(String from) implements Here {}
    }

    sealed interface There extends Twice {
      record Gone(String to) implements There {}
    }
  }

  @Test
  void refusesTwoRecordsOfOneKind() {
    assertThatThrownBy(() -> new JsonCodec<>(Twice.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Here$Gone")
        .hasMessageContaining("There$Gone")
        .hasMessageContaining("'gone'");
  }

  @Test
  void readsContentThatIsAsDeepAsIsAccepted() {
    ObjectNode deep = deepest();
    assertThat(MatrixJson.parseObject(MatrixJson.write(deep))).isEqualTo(deep);
    AccountOutput changed =
        new AccountOutput.AccountDataChanged(RoomFixture.ALICE, null, "deep", deep);
    RoomInput sent =
        new RoomInput.SendEvent(
            Entries.ROOM,
            EventDraft.message(Entries.ROOM, RoomFixture.ALICE, "m.room.message", deep),
            null);

    assertThat(CODEC.decode(1, CODEC.encode(changed))).isEqualTo(changed);
    EntryCodec<RoomInput> commands = Logs.ROOM_INPUT.codec();
    assertThat(commands.decode(1, commands.encode(sent))).isEqualTo(sent);
  }

  private static ObjectNode deepest() {
    ObjectNode inner = JsonNodeFactory.instance.objectNode();
    for (int i = 1; i < MatrixJson.MAX_DEPTH; i++) {
      inner = JsonNodeFactory.instance.objectNode().set("a", inner);
    }
    return inner;
  }
}
