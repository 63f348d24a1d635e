package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.TextNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonMembers;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// What [ClientEventFormat] says of a state event that is not redacted, but for `room_id` and
/// `unsigned`: taken from the event's canonical JSON as it is, without making nodes of it.
///
/// @param originServerTs when it was made, as its sender says; milliseconds since 1970
/// @param saysOfItself the sender, of a member event about the sender; null of all others
/// @param json the members, without the object's brackets; nobody changes the array
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record ClientEventBytes(long originServerTs, @Nullable UserId saysOfItself, byte[] json) {
  private static final byte[] CONTENT = ascii("content");
  private static final byte[] ORIGIN_SERVER_TS = ascii("origin_server_ts");
  private static final byte[] SENDER = ascii("sender");
  private static final byte[] STATE_KEY = ascii("state_key");
  private static final byte[] TYPE = ascii("type");
  private static final byte[] MEMBER = ascii(EventTypes.MEMBER);
  private static final byte[] REDACTION = ascii(EventTypes.REDACTION);
  private static final byte[] EVENT_ID = ascii(",\"event_id\":");

  /// Members of the JSON that are told, each of which a state event has.
  private static final int TOLD = 5;

  /// Of an event whose canonical JSON that is; empty where it takes more than that to say: the JSON
  /// is damaged, for one.
  public static Optional<ClientEventBytes> of(String eventId, byte[] canonical) {
    try {
      return new Reading(canonical).read(eventId);
    } catch (IllegalArgumentException | InvalidIdentifierException | MatrixException _) {
      // Who reads it as a tree says what is wrong with it.
      return Optional.empty();
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /// The reading of one event.
  private static final class Reading {
    private final byte[] canonical;
    private final JsonMembers members;
    private final ByteArrayOutputStream json;
    private int told;
    private boolean isMember;
    private long originServerTs;
    private byte[] sender = {};
    private byte[] stateKey = {};

    Reading(byte[] canonical) {
      this.canonical = canonical;
      members = new JsonMembers(canonical);
      json = new ByteArrayOutputStream(canonical.length / 2);
    }

    Optional<ClientEventBytes> read(String eventId) {
      while (members.next()) {
        take();
      }
      if (told != TOLD) {
        return Optional.empty();
      }
      json.writeBytes(EVENT_ID);
      json.writeBytes(MatrixJson.write(TextNode.valueOf(eventId)));
      boolean ofItself = isMember && Arrays.equals(sender, stateKey);
      return Optional.of(
          new ClientEventBytes(
              originServerTs, ofItself ? UserId.parse(text(sender)) : null, json.toByteArray()));
    }

    private void take() {
      if (members.isNamed(CONTENT)) {
        refuseUnless(canonical[members.valueStart()] == '{');
      } else if (members.isNamed(ORIGIN_SERVER_TS)) {
        originServerTs = Long.parseLong(new String(value(), StandardCharsets.US_ASCII));
      } else if (members.isNamed(SENDER)) {
        sender = value();
      } else if (members.isNamed(STATE_KEY)) {
        stateKey = value();
      } else if (members.isNamed(TYPE)) {
        // What a redaction redacts is told beside its content.
        refuseUnless(!members.isString(REDACTION));
        isMember = members.isString(MEMBER);
      } else {
        return;
      }
      told++;
      if (json.size() > 0) {
        json.write(',');
      }
      json.write(canonical, members.memberStart(), members.end() - members.memberStart());
    }

    private byte[] value() {
      return Arrays.copyOfRange(canonical, members.valueStart(), members.end());
    }

    private static String text(byte[] value) {
      return MatrixJson.parse(value).textValue();
    }

    private static void refuseUnless(boolean simple) {
      if (!simple) {
        throw new IllegalArgumentException("it takes more to say than its members");
      }
    }
  }
}
