package org.hearth.server.servers.notification;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// A room's counts as bytes, deflated:
///
/// | field | as |
/// |---|---|
/// | [#VERSION] | byte |
/// | up to where receipts are in it | long |
/// | up to where room-output is in it; the last event that is no longer kept | 2 longs |
/// | members, a number after the other | int, so many: flag; if there is one a member |
/// | member | user id, flag, display name if the flag is set, read, read of main: 2 longs; markers of threads: int, so many: root, long; old ones: int, so many: thread, 3 longs |
/// | events, oldest first | int, so many: place, time: 2 longs; id; thread; ways |
/// | ways | int, so many: actions, flag of the highlight, bits: int, so many longs |
///
/// A text is its length in bytes, an int, and as many bytes of UTF-8; actions are `{"actions":…}`.
///
/// **bound**: before it is deflated 32 MB of members ([RoomCounts#MOST_MEMBERS]), 13 MB of their
/// names, 15 MB of threads ([RoomCounts#MOST_THREADS], with ids of 255 bytes) and 69 MB of events
/// ([RoomCounts#MOST_EVENTS] in [Evaluation#MOST_WAYS] ways), which is less than the column holds.
final class CountsPacking {
  private static final int VERSION = 1;

  /// Of a text, or a set of members: more than any has.
  private static final int LONGEST = 1 << 17;

  private static final String ACTIONS = "actions";

  private CountsPacking() {}

  /// What was unpacked.
  ///
  /// @param receiptsUpTo later receipts are to be read from their owner
  record Unpacked(RoomCounts counts, long receiptsUpTo) {}

  /// A room as bytes.
  static final class Packed {
    private final byte[] bytes;
    private final long changes;
    private final boolean empty;

    private Packed(byte[] bytes, long changes, boolean empty) {
      this.bytes = bytes;
      this.changes = changes;
      this.empty = empty;
    }

    /// The bytes, which nobody changes.
    byte[] bytes() {
      return bytes;
    }

    /// How often the room was changed until then.
    long changes() {
      return changes;
    }

    /// Whether it has no members, so that there is nothing to keep.
    boolean isEmpty() {
      return empty;
    }
  }

  static Packed pack(RoomCounts counts, long receiptsUpTo) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean[] empty = new boolean[1];
    long changes;
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(bytes, deflater))) {
      out.writeByte(VERSION);
      out.writeLong(receiptsUpTo);
      changes =
          counts.store(contents -> {
            empty[0] = contents.members().stream().allMatch(Objects::isNull);
            try {
              write(out, contents);
            } catch (IOException e) {
              throw new UncheckedIOException("memory takes what is written", e);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException("memory takes what is written", e);
    } finally {
      deflater.end();
    }
    return new Packed(bytes.toByteArray(), changes, empty[0]);
  }

  private static void write(DataOutputStream out, RoomCounts.Contents contents) throws IOException {
    out.writeLong(contents.upTo());
    out.writeLong(contents.lastDropped());
    out.writeInt(contents.members().size());
    for (CountedMember each : contents.members()) {
      out.writeBoolean(each != null);
      if (each != null) {
        write(out, each);
      }
    }
    out.writeInt(contents.events().size());
    for (CountedEvent each : contents.events()) {
      write(out, each);
    }
  }

  private static void write(DataOutputStream out, CountedMember member) throws IOException {
    writeText(out, member.user().value());
    String name = member.name();
    out.writeBoolean(name != null);
    if (name != null) {
      writeText(out, name);
    }
    out.writeLong(member.read);
    out.writeLong(member.readMain);
    out.writeInt(member.readThreads.size());
    for (Map.Entry<String, Long> each : member.readThreads.entrySet()) {
      writeText(out, each.getKey());
      out.writeLong(each.getValue());
    }
    out.writeInt(member.old.size());
    for (Map.Entry<String, CountedMember.Old> each : member.old.entrySet()) {
      writeText(out, each.getKey());
      out.writeLong(each.getValue().notifications());
      out.writeLong(each.getValue().highlights());
      out.writeLong(each.getValue().last());
    }
  }

  private static void write(DataOutputStream out, CountedEvent event) throws IOException {
    out.writeLong(event.place());
    out.writeLong(event.ts());
    writeText(out, event.id().value());
    writeText(out, event.thread());
    out.writeInt(event.ways().size());
    for (Way each : event.ways()) {
      ObjectNode actions = JsonNodeFactory.instance.objectNode();
      actions.putArray(ACTIONS).addAll(each.actions());
      writeBytes(out, MatrixJson.write(actions));
      out.writeBoolean(each.highlight());
      long[] bits = each.members().toLongArray();
      out.writeInt(bits.length);
      for (long word : bits) {
        out.writeLong(word);
      }
    }
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    writeBytes(out, text.getBytes(UTF_8));
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /// @throws IllegalStateException if the bytes are damaged
  static Unpacked unpack(RoomId room, byte[] bytes) {
    try (DataInputStream in =
        new DataInputStream(new InflaterInputStream(new ByteArrayInputStream(bytes)))) {
      int version = in.readByte();
      if (version != VERSION) {
        throw new IOException("it is of version " + version + ", not " + VERSION);
      }
      long receiptsUpTo = in.readLong();
      RoomCounts.Contents contents = readContents(in);
      // At the end the checksum is compared.
      if (in.read() >= 0) {
        throw new IOException("there is more than there should be");
      }
      return new Unpacked(RoomCounts.restore(room, contents), receiptsUpTo);
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(
          "the stored counts of " + room + " are damaged: " + e.getMessage(), e);
    }
  }

  private static RoomCounts.Contents readContents(DataInputStream in) throws IOException {
    long upTo = in.readLong();
    long lastDropped = in.readLong();
    List<@Nullable CountedMember> members = new ArrayList<>();
    int numbers = in.readInt();
    for (int i = 0; i < numbers; i++) {
      members.add(in.readBoolean() ? readMember(in, i) : null);
    }
    List<CountedEvent> events = new ArrayList<>();
    Map<String, List<JsonNode>> actions = new HashMap<>();
    int count = in.readInt();
    for (int i = 0; i < count; i++) {
      events.add(readEvent(in, actions));
    }
    return new RoomCounts.Contents(upTo, lastDropped, members, events);
  }

  private static CountedMember readMember(DataInputStream in, int number) throws IOException {
    UserId user = UserId.parse(readText(in));
    CountedMember member = new CountedMember(number, user, in.readBoolean() ? readText(in) : null);
    member.read = in.readLong();
    member.readMain = in.readLong();
    int markers = in.readInt();
    for (int i = 0; i < markers; i++) {
      member.restoreRead(readText(in), in.readLong());
    }
    int old = in.readInt();
    for (int i = 0; i < old; i++) {
      member.restoreOld(
          readText(in), new CountedMember.Old(in.readLong(), in.readLong(), in.readLong()));
    }
    return member;
  }

  /// @param known the actions that were read, by their JSON: most events notify in the same ways
  private static CountedEvent readEvent(DataInputStream in, Map<String, List<JsonNode>> known)
      throws IOException {
    long place = in.readLong();
    long ts = in.readLong();
    EventId id = EventId.parse(readText(in));
    String thread = readText(in);
    List<Way> ways = new ArrayList<>();
    int count = in.readInt();
    for (int i = 0; i < count; i++) {
      List<JsonNode> actions = known.computeIfAbsent(readText(in), CountsPacking::actions);
      boolean highlight = in.readBoolean();
      long[] bits = new long[length(in)];
      for (int word = 0; word < bits.length; word++) {
        bits[word] = in.readLong();
      }
      ways.add(new Way(actions, highlight, BitSet.valueOf(bits)));
    }
    return new CountedEvent(place, ts, id, thread, ways);
  }

  private static List<JsonNode> actions(String json) {
    return List.copyOf(
        MatrixJson.restoreObject(json.getBytes(UTF_8)).path(ACTIONS).valueStream().toList());
  }

  private static String readText(DataInputStream in) throws IOException {
    return new String(readBytes(in), UTF_8);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    byte[] bytes = new byte[length(in)];
    in.readFully(bytes);
    return bytes;
  }

  /// A length; what is damaged must not ask for all memory.
  private static int length(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > LONGEST) {
      throw new IOException("a length of " + length);
    }
    return length;
  }
}
