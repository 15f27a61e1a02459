"""Every row of the papers' tables: run or resumed, and put beside what is printed."""
