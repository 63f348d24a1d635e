package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What other servers say of devices, rightly and wrongly.
class DeviceEdusTest {
  private static final ServerName PEER = ServerName.parse("peer.test");
  private static final UserId BOB = UserId.parse("@bob:peer.test");
  private static final String KEYS =
      "{'user_id': '@bob:peer.test', 'device_id': 'D', 'algorithms': ['a'], 'keys': {'ed25519:D':"
          + " 'k'}, 'signatures': {'@bob:peer.test': {'ed25519:D': 's'}, '@eve:third.test':"
          + " {'ed25519:X': 's'}}, 'unsigned': {'device_display_name': 'x'}}";

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static DeviceInput read(String type, String content) {
    return DeviceEdus.read(PEER, type, json(content)).orElseThrow();
  }

  @Test
  void anUpdateIsReadWithoutWhatDoesNotBelongThere() {
    DeviceInput read =
        read(
            DeviceEdus.DEVICE,
            "{'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': 7, 'prev_id': [5, 6], 'device_display_name': '%s', 'keys': %s}"
                .formatted("n".repeat(300), KEYS));

    ObjectNode keys = json(KEYS);
    keys.remove("unsigned");
    ((ObjectNode) keys.path("signatures")).remove("@eve:third.test");
    assertThat(read)
        .isEqualTo(
            new DeviceInput.ReceiveDeviceUpdate(
                BOB, new DeviceId("D"), 7, List.of(5L, 6L), false, "n".repeat(100), keys));
  }

  /// What has changed is not told, but that something has: an update that follows none has the list
  /// fetched.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'device_id': 'D', 'keys': []",
        "'device_id': 'D', 'keys': {'device_keys': {}}",
        "'device_id': 'OTHER', 'keys': KEYS",
        "'device_id': 'D', 'keys': LARGE"
      })
  void keysThatAreNotTheDevicesAreAChangeThatIsNotKnown(String update) {
    String large = KEYS.replace("'k'", "'" + "k".repeat(16 << 10) + "'");
    DeviceInput read =
        read(
            DeviceEdus.DEVICE,
            "{'user_id': '@bob:peer.test', 'stream_id': 7, 'prev_id': [6], %s}"
                .formatted(update.replace("LARGE", large).replace("KEYS", KEYS)));

    assertThat(read)
        .isInstanceOfSatisfying(
            DeviceInput.ReceiveDeviceUpdate.class,
            each -> {
              assertThat(each.prevId()).isEmpty();
              assertThat(each.keys()).isNull();
            });
  }

  @Test
  void messagesAreRead() {
    assertThat(
            read(
                DeviceEdus.MESSAGES,
                "{'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm', 'messages':"
                    + " {'@alice:hearth.test': {'*': {'a': 1}}}}"))
        .isEqualTo(
            new DeviceInput.ReceiveMessages(
                BOB,
                "m",
                "t",
                Map.of(UserId.parse("@alice:hearth.test"), Map.of("*", json("{'a': 1}")))));
  }

  @Test
  void anotherTypeIsNotReadHere() {
    assertThat(DeviceEdus.read(PEER, "m.typing", json("{}"))).isEmpty();
  }

  /// Row 42: each EDU's user is of the server that sent it.
  @ParameterizedTest
  @ValueSource(strings = {"@bob:third.test", "@alice:hearth.test", "@bob:peer.test:1", "bob", "@:"})
  void aServerSpeaksForItsOwnUsersOnly(String user) {
    for (String each :
        List.of(
            DeviceEdus.MESSAGES
                + " {'sender': 'USER', 'type': 't', 'message_id': 'm', 'messages': {}}",
            DeviceEdus.DEVICE + " {'user_id': 'USER', 'device_id': 'D', 'stream_id': 7}",
            DeviceEdus.SIGNING_KEYS + " {'user_id': 'USER'}")) {
      int space = each.indexOf(' ');
      assertThatThrownBy(
              () -> read(each.substring(0, space), each.substring(space).replace("USER", user)))
          .isInstanceOf(MatrixException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "m.device_list_update {}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': '', 'stream_id': 7}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D'}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': 7.5}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': '7'}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id':"
            + " 99999999999999999999}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': 7,"
            + " 'prev_id': {}}",
        "m.device_list_update {'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': 7,"
            + " 'prev_id': ['x']}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 't', 'messages': {}}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 7, 'message_id': 'm', 'messages':"
            + " {}}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm',"
            + " 'messages': []}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm',"
            + " 'messages': {'@a:b': []}}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm',"
            + " 'messages': {'@a:b': {'*': 1}}}",
        "m.direct_to_device {'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm',"
            + " 'messages': {'nobody': {}}}",
        "m.signing_key_update {'user_id': '@bob:peer.test', 'master_key': {}}",
        "m.signing_key_update {'user_id': '@bob:peer.test', 'master_key': {'user_id':"
            + " '@eve:peer.test', 'usage': ['master'], 'keys':"
            + " {'ed25519:lEuiRJBit0IG6nUf5pUzWTUEsRVVe/HJkoKuEww9ULI':"
            + " 'lEuiRJBit0IG6nUf5pUzWTUEsRVVe/HJkoKuEww9ULI'}}}",
        "m.signing_key_update {'user_id': '@bob:peer.test', 'self_signing_key': {'user_id':"
            + " '@bob:peer.test', 'usage': ['master'], 'keys':"
            + " {'ed25519:lEuiRJBit0IG6nUf5pUzWTUEsRVVe/HJkoKuEww9ULI':"
            + " 'lEuiRJBit0IG6nUf5pUzWTUEsRVVe/HJkoKuEww9ULI'}}}"
      })
  void whatIsNotAsItShouldBeIsRefused(String edu) {
    int space = edu.indexOf(' ');

    assertThatThrownBy(
            () -> read(edu.substring(0, space), edu.substring(space).replace("KEYS", KEYS)))
        .isInstanceOf(MatrixException.class);
  }

  @Test
  void whatIsTooLargeIsRefused() {
    String previous = "1,".repeat(DeviceEdus.MOST_PREVIOUS) + "1";
    StringBuilder many = new StringBuilder("'D': {}");
    for (int i = 0; i < DeviceEdus.MOST_RECIPIENTS; i++) {
      many.append(", 'D").append(i).append("': {}");
    }
    for (String each :
        List.of(
            "{'*': {'a': '" + "x".repeat(DeviceEdus.MOST_CONTENT_BYTES) + "'}}",
            "{" + many + "}")) {
      assertThatThrownBy(() ->
              read(
                  DeviceEdus.MESSAGES,
                  "{'sender': '@bob:peer.test', 'type': 't', 'message_id': 'm', 'messages': {'@a:b': %s}}"
                      .formatted(each)))
          .isInstanceOf(MatrixException.class);
    }
    assertThatThrownBy(() ->
            read(
                DeviceEdus.DEVICE,
                "{'user_id': '@bob:peer.test', 'device_id': 'D', 'stream_id': 7, 'prev_id': [%s]}"
                    .formatted(previous)))
        .isInstanceOf(MatrixException.class);
  }

  private static Optional<DeviceInput.ReceiveDeviceList> list(String answer) {
    return DeviceEdus.list(BOB, 3, json(answer));
  }

  @Test
  void aListHasEachDeviceOnceAndOnlyItsOwnKeys() {
    assertThat(
            list(
                "{'user_id': '@bob:peer.test', 'stream_id': 7, 'devices': [{'device_id': 'D'}, {'device_id': 'D', 'keys': %s}, {'device_id': 'E', 'keys': %s}, {'device_id': ''}, 7]}"
                    .formatted(KEYS, KEYS)))
        .hasValueSatisfying(each -> {
          assertThat(each.asOf()).isEqualTo(3);
          assertThat(each.streamId()).isEqualTo(7);
          assertThat(each.devices())
              .extracting(device -> device.device().value(), device -> device.keys() != null)
              .containsExactly(
                  org.assertj.core.groups.Tuple.tuple("D", true),
                  org.assertj.core.groups.Tuple.tuple("E", false));
        });
  }

  @Test
  void aListOfSomebodyElseOrOfTooManyDevicesIsNone() {
    assertThat(list("{'user_id': '@eve:peer.test', 'stream_id': 7, 'devices': []}")).isEmpty();
    assertThat(list("{'user_id': '@bob:peer.test', 'devices': []}")).isEmpty();
    assertThat(list("{'user_id': '@bob:peer.test', 'stream_id': 7}")).isEmpty();
    String many = "{'device_id': 'D'},".repeat(RemoteDevices.MOST_DEVICES) + "7";
    assertThat(
            list("{'user_id': '@bob:peer.test', 'stream_id': 7, 'devices': [%s]}".formatted(many)))
        .isEmpty();
  }
}
