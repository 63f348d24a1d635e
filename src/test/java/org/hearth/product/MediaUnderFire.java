package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// Media: each upload that was acknowledged is there as it was, and of those that were not nothing
/// is left half.
final class MediaUnderFire implements UnderFire {
  private static final int MOST_BYTES = 200_000;

  private final List<Person> people;
  private final Path incoming;

  /// Address → the seed of its bytes.
  private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();

  /// @param media the server's folder
  MediaUnderFire(List<Person> people, Path media) {
    this.people = people;
    this.incoming = media.resolve("incoming");
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    long seed = random.nextLong();
    acknowledged.put(people.get(client).http().upload(bytes(seed)), seed);
  }

  private static byte[] bytes(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] bytes = new byte[random.nextInt(MOST_BYTES)];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public void check(String context) {
    acknowledged.forEach((uri, seed) ->
        assertThat(people.getLast().http().download(uri)).as(context).isEqualTo(bytes(seed)));
    try (Stream<Path> left = Files.list(incoming)) {
      assertThat(left).as(context).isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
