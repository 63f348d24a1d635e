package org.hearth.server.matrix.checks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Events with bytes changed, cut out and doubled at random: every one gets a verdict.
@Tag("long")
class HostileBytesTest {
  private static final int MUTATIONS = 4000;

  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void throwsNothingWhateverBytesArrive(RoomVersion version) {
    long seed = 20_261_125;
    SplittableRandom random = new SplittableRandom(seed);
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    List<byte[]> samples =
        Stream.of(
                room.message(BOB, EventTypes.MESSAGE, "{\"body\":\"Hello\"}"),
                room.topic(BOB, "x"),
                room.usualPowerLevels("\"ban\":70"),
                room.member(ALICE, BOB, "ban"),
                room.create("{}").after())
            .map(recipe -> recipe.build().canonicalBytes())
            .toList();
    Place place = Peers.at(room);
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = mutated(samples.get(random.nextInt(samples.size())), random);
      try {
        switch (ReceiptChecks.receive(bytes, version, Peers.ALL_KEYS)) {
          case Received.Intact(var event, var signers) ->
              ReceiptChecks.judge(event, SignedBy.servers(signers), place);
          case Received.Redacted(var event, var signers) ->
              ReceiptChecks.judge(event, SignedBy.servers(signers), place);
          case Received.Dropped(var rule, var detail) -> assertThat(rule + detail).isNotEmpty();
        }
        Pdu event = parsedOrNull(bytes, version);
        if (event != null) {
          ReceiptChecks.judge(event, SignedBy.CHECKED_BEFORE, place);
        }
      } catch (RuntimeException e) {
        fail("seed %d, round %d: %s".formatted(seed, i, new String(bytes, UTF_8)), e);
      }
    }
  }

  private static @Nullable Pdu parsedOrNull(byte[] bytes, RoomVersion version) {
    try {
      return Pdu.parse(bytes, version);
    } catch (MatrixException _) {
      return null;
    }
  }

  /// The bytes with some changed, or cut out, or doubled.
  private static byte[] mutated(byte[] bytes, SplittableRandom random) {
    byte[] changed = bytes.clone();
    int at = random.nextInt(changed.length);
    switch (random.nextInt(4)) {
      case 0 -> changed[at] = (byte) random.nextInt(256);
      case 1 -> changed[at] = (byte) "0123456789-.eE\"{}[]:,\\u@!$#".charAt(random.nextInt(27));
      case 2 -> {
        int end = Math.min(changed.length, at + 1 + random.nextInt(20));
        byte[] rest = Arrays.copyOfRange(changed, end, changed.length);
        changed = Arrays.copyOf(changed, at + rest.length);
        System.arraycopy(rest, 0, changed, at, rest.length);
      }
      default -> {
        int length = Math.min(1 + random.nextInt(20), changed.length - at);
        byte[] longer = Arrays.copyOf(changed, changed.length + length);
        System.arraycopy(changed, at, longer, at + length, changed.length - at);
        changed = longer;
      }
    }
    return changed;
  }
}
