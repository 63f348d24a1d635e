package org.hearth.server.outbound.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How much all answers together may take.
@Timeout(60)
class AnswerMemoryTest {
  private static final int MOST = 4 << 20;

  private final AnswerMemory memory = new AnswerMemory(MOST, Duration.ofMillis(10));

  private static InputStream bytes(int count) {
    return new ByteArrayInputStream(new byte[count]);
  }

  @Test
  void whatIsReadIsWhatCame() throws IOException {
    for (int length : new int[] {0, 1, 8 << 10, AnswerMemory.FREE_BYTES + 1, 1_000_003}) {
      byte[] sent = new byte[length];
      for (int i = 0; i < length; i++) {
        sent[i] = (byte) (i * 31);
      }
      try (AnswerMemory.Share share = memory.share()) {
        share.read(new ByteArrayInputStream(sent));

        assertThat(share.body()).isEqualTo(sent);
        assertThat(share.isFull()).isFalse();
      }
    }
    assertThat(memory.free()).isEqualTo(MOST);
  }

  @Test
  void whatIsShortTakesNothing() throws IOException {
    try (AnswerMemory.Share share = memory.share()) {
      share.read(bytes(AnswerMemory.FREE_BYTES - 1));

      assertThat(share.mayGrow(AnswerMemory.FREE_TREE_BYTES)).isTrue();
      assertThat(memory.free()).isEqualTo(MOST);
    }
  }

  @Test
  void nobodyHasMoreThanThereIsAndWhatIsOverIsThereForOthers() throws IOException {
    AnswerMemory.Share first = memory.share();
    first.read(bytes(MOST / 2));
    assertThat(first.isFull()).isFalse();

    try (AnswerMemory.Share second = memory.share()) {
      second.read(bytes(MOST / 2));
      assertThat(second.isFull()).isTrue();
      assertThat(second.mayGrow(MOST / 2)).isFalse();
    }
    first.close();

    try (AnswerMemory.Share third = memory.share()) {
      third.read(bytes(MOST / 2));
      assertThat(third.isFull()).isFalse();
    }
    assertThat(memory.free()).isEqualTo(MOST);
  }

  /// Who gave up while more came holds nothing.
  @Test
  void anAnswerThatWasGivenUpHoldsNothingOfWhatComesLater() throws Exception {
    AnswerMemory.Share share = memory.share();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch givenUp = new CountDownLatch(1);
    InputStream slow =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }

          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            if (length > AnswerMemory.FREE_BYTES) {
              begun.countDown();
              try {
                givenUp.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            }
            return length;
          }
        };
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              try {
                share.read(slow);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    begun.await();

    share.close();
    givenUp.countDown();
    reader.join();

    assertThat(share.isFull()).isTrue();
    assertThat(memory.free()).isEqualTo(MOST);
  }
}
