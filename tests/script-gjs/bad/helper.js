export const ANSWER = 21;
