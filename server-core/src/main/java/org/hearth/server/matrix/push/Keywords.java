package org.hearth.server.matrix.push;

import java.util.List;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Rules that stand one behind the other, of which each looks for a word and all do the same:
/// whichever of the words is there, that is done. Kept like this they take a quarter of the memory,
/// so that those of all members of a large room find room.
///
/// @param words folded, as [Glob#isOneWord] says
record Keywords(List<String> words, PushActions actions) implements RoomRule {
  private static final int BYTES = 100;
  private static final int WORD_BYTES = 64;

  Keywords {
    words = List.copyOf(words);
  }

  @Override
  public boolean matches(PushEvent event, @Nullable UserId user, @Nullable String displayName) {
    return event.hasAnyInBody(words);
  }

  @Override
  public PushOutcome outcome() {
    return actions.outcome();
  }

  @Override
  public long bytes() {
    return BYTES
        + actions.bytes()
        + words.stream().mapToLong(each -> WORD_BYTES + each.length()).sum();
  }
}
